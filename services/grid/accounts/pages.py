"""The pages of signing in and out, and of one's own account."""

from __future__ import annotations

import secrets

from services.grid.accounts import contacts, handlers, keys, passwords
from services.grid.accounts.browsers import RENEWAL_PATH
from services.grid.accounts.contact_schemas import ContactForm
from services.grid.accounts.oidc_pages import OidcPages
from services.grid.accounts.schemas import LogInForm, LogInQuery, LookQuery, NextQuery, Nothing, PasswordForm
from services.grid.accounts.signing_in import sign_in
from services.grid.room import PAGES
from shared.entrypoints.apart import apart
from shared.kernel.errors import Forbidden, Invalid, Refused, Unauthenticated
from shared.pages import environment, language
from shared.pages.page import local_address, page, to
from shared.security import sessions
from shared.security.sealing import Sealer
from shared.web import cookies
from shared.web.call import ANYONE, Call, Reply


class AccountPages(OidcPages):
    """登录、退出、我的账号."""

    @page("GET", "/login", summary="Sign in", query=LogInQuery, roles=ANYONE)
    def log_in_page(self, call: Call) -> Reply:
        """Account and password; a demonstration lists whom a visitor may be."""
        where = local_address(call.query["next"])
        return to(where) if call.asker else self._log_in_form(call, where, call.query["account"])

    @page("POST", "/login", summary="Sign in", body=LogInForm, roles=ANYONE)
    def log_in(self, call: Call) -> Reply:
        """Into the page that was wanted; with a one-time password first to another one."""
        account, where = call.body["account"].strip().lower(), local_address(call.body["next"])
        try:
            found = sign_in(
                self.log,
                self.rows,
                account,
                call.body["password"],
                address=call.headers.get("x-forwarded-for", ""),
                at=call.at,
                check=lambda password, kept: apart(passwords.is_right, password, kept),
            )
        except Forbidden as error:
            return self._log_in_form(call, where, account, wrong=str(error))
        if found.must_change:
            csrf = secrets.token_urlsafe(18)
            cookie = sessions.sign(self.settings.token_key, found.asker, csrf=csrf, name=found.name, must_change=True)
            return to(f"/account/password?next={where}", self._session_cookie(cookie))
        return to(where, *self._open(found.asker, found.name, call))

    @page("GET", "/logout", summary="Sign out", roles=ANYONE)
    def log_out_page(self, call: Call) -> Reply:
        """One button: an address alone must not sign anybody out."""
        return PAGES.render(call, "logout.html")

    @page("POST", f"{RENEWAL_PATH}/end", summary="Sign out", body=Nothing, roles=ANYONE)
    def log_out(self, call: Call) -> Reply:
        """The browser is forgotten, here and there."""
        if secret := call.cookies.get(sessions.RENEWAL_COOKIE):
            keys.close_session(self.rows, secret)
        return to(
            "/",
            cookies.forget(sessions.COOKIE, secure=self._secure),
            cookies.forget(sessions.RENEWAL_COOKIE, secure=self._secure, path=RENEWAL_PATH),
        )

    @page("GET", RENEWAL_PATH, summary="Another half hour", query=NextQuery, roles=ANYONE)
    def renew_and_go_on(self, call: Call) -> Reply:
        """A browser that is still known goes on without a question; others sign in."""
        where = local_address(call.query["next"])
        cookie = self._renewed(call)
        return to(f"/login?next={where}") if cookie is None else to(where, cookie)

    @page("POST", RENEWAL_PATH, summary="Another half hour", body=Nothing, roles=ANYONE)
    def renew(self, call: Call) -> Reply:
        """What every open page asks for from time to time."""
        cookie = self._renewed(call)
        if cookie is None:
            return Reply("", status=401)
        return Reply("", status=204, cookies=(cookie,))

    @page("GET", "/account", summary="One's own account")
    def account_page(self, call: Call) -> Reply:
        """Who one is here, and what one may see."""
        key = keys.find(self.rows, call.signed_in.id)
        reached = contacts.is_reached(self.rows, call.signed_in.id)
        return PAGES.render(call, "account.html", has_password=key is not None, reached=reached)

    @page("POST", "/account/contact", summary="Where letters reach me", body=ContactForm)
    def change_my_contact(self, call: Call) -> Reply:
        """Kept sealed and shown to nobody, not even here; empty fields are forgotten."""
        given = {name: said for name, said in call.body.items() if said}
        contacts.change(self.log, Sealer(self.settings.master_key), call.signed_in.id, given, call.cause())
        return to("/account")

    @page("GET", "/account/password", summary="Another password", query=NextQuery, roles=ANYONE)
    def password_page(self, call: Call) -> Reply:
        """Also for those who signed in with a one-time password."""
        if call.session is None:
            return to(f"/session?next={call.address}")
        return self._password_form(call, local_address(call.query["next"]))

    @page("POST", "/account/password", summary="Another password", body=PasswordForm, roles=ANYONE)
    def change_password(self, call: Call) -> Reply:
        """Every other browser of the account has to sign in again."""
        session, asked = call.session, call.body
        if session is None:
            raise Unauthenticated("this needs somebody who is signed in")
        where, name = local_address(asked["next"]), session.asker.id
        key = keys.find(self.rows, name)
        if not session.must_change and not apart(passwords.is_right, asked["old"], None if key is None else key.hash):
            return self._password_form(call, where, old="原密码不正确 / the old password is wrong")
        if asked["new"] != asked["again"]:
            return self._password_form(call, where, again="两次输入不一致 / the two are not the same")
        try:
            handlers.change_password(self.log, self.rows, name, asked["new"], call.cause(session.asker.actor))
        except (Invalid, Refused) as error:
            return self._password_form(call, where, new=str(error))
        return to(where, *self._open(session.asker, session.name, call))

    @page("GET", "/look", summary="How the pages look", query=LookQuery, roles=ANYONE)
    def look(self, call: Call) -> Reply:
        """Language, size of letters, light or dark: the browser remembers it."""
        asked = call.query
        wanted = {
            language.COOKIE: asked["lang"] if asked["lang"] in language.LANGUAGES else None,
            environment.SENIOR_COOKIE: asked["senior"],
            environment.THEME_COOKIE: asked["theme"],
        }
        kept = [
            cookies.write(name, value, secure=self._secure, lifetime=keys.LONGEST * 26)
            for name, value in wanted.items()
            if value is not None
        ]
        return to(local_address(asked["next"]), *kept)

    # --- what they share ----------------------------------------------------------------------------------------

    def _log_in_form(self, call: Call, where: str, account: str, wrong: str | None = None) -> Reply:
        return PAGES.render(
            call,
            "login.html",
            status=403 if wrong else 200,
            next=where,
            wrong=wrong,
            account=account,
            oidc=self.has_provider,
            visitors=keys.demonstrated(self.rows) if environment.is_demo() else [],
        )

    def _password_form(self, call: Call, where: str, **wrong: str) -> Reply:
        status = 400 if wrong else 200
        return PAGES.render(call, "password.html", status=status, next=where, wrong=wrong, rules=passwords.RULES)
