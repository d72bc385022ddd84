"""Browsers that somebody has signed in with: their two cookies, opened, renewed and forgotten."""

from __future__ import annotations

from services.grid.accounts import handlers, keys
from services.grid.room import Room
from shared.security import sessions
from shared.security.permission import Asker
from shared.web import cookies
from shared.web.call import Call

RENEWAL_PATH = "/session"


class Browsers(Room):
    """What every door shares that lets somebody in."""

    def _open(self, asker: Asker, name: str | None, call: Call, issuer: str | None = None) -> tuple[str, str]:
        """Both cookies of a browser that somebody has just signed in with."""
        secret = keys.open_session(self.rows, asker, name, call.at, issuer=issuer)
        renewal = cookies.write(
            sessions.RENEWAL_COOKIE, secret, secure=self._secure, lifetime=keys.LONGEST, path=RENEWAL_PATH
        )
        return self._signed(asker, name, secret), renewal

    def _renewed(self, call: Call) -> str | None:
        """Another session cookie, if the browser and its account are still welcome."""
        secret = call.cookies.get(sessions.RENEWAL_COOKIE, "")
        known = keys.seen_session(self.rows, secret, call.at) if secret else None
        if known is None:
            return None
        if known.issuer is not None:
            return self._signed(known.asker, known.name, secret)
        account = handlers.load(self.log, known.asker.id)
        if account is None or not account.is_enabled:
            return None
        return self._signed(keys.asker_of(account.name, account.post), known.name, secret)

    def _signed(self, asker: Asker, name: str | None, secret: str) -> str:
        csrf = sessions.csrf_of(secret)
        return self._session_cookie(sessions.sign(self.settings.token_key, asker, csrf=csrf, name=name))

    def _session_cookie(self, value: str) -> str:
        return cookies.write(sessions.COOKIE, value, secure=self._secure, lifetime=sessions.LIFETIME)

    @property
    def has_provider(self) -> bool:
        """Whether the city's identity provider vouches for people here."""
        return bool(self.settings.get("WUJI_OIDC_ISSUER"))

    @property
    def _secure(self) -> bool:
        return self.settings.public_url.startswith("https:")
