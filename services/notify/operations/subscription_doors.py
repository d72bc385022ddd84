"""One subscription's page: for operators, for its department, and for whoever has its reading token and no account.

A link may carry the token. It goes into a cookie of this page at once, so that it stays in no history and is not
passed on to anybody.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.notify.operations.standing import standing
from services.notify.room import PAGES, Room
from services.notify.subscriptions import handlers, parked
from services.notify.subscriptions.domain import State, Subscription, living
from services.notify.subscriptions.doors import MANAGERS
from shared.contracts.subscription import DeliveryKind
from shared.kernel.errors import Unauthenticated, Unavailable
from shared.pages.page import PageQuery, is_fragment, page, to
from shared.security.permission import Asker
from shared.web import cookies
from shared.web.call import ANYONE, Call, Reply
from shared.web.door import verifier_of
from shared.web.fields import Body, Text

COOKIE = "wuji_subscription"
_FOR = timedelta(hours=12)
_ONE = "/operations/subscriptions/<string(maxlength=60):name>"
_SHOWN = 50


class TokenQuery(PageQuery):
    """A link may carry the reading token."""

    token = Text(load_default=None, longest=4000, one_line=True)
    done = Text(load_default=None, longest=10, one_line=True)


class TokenForm(Body):
    """The reading token, put in by hand."""

    token = Text(required=True, longest=4000, one_line=True)


class RedriveForm(Body):
    """One message; all of them when it is left out."""

    message_id = Text(load_default="", shortest=0, longest=100, one_line=True)


class SubscriptionPages(Room):
    """订阅."""

    @page("GET", _ONE, summary="Where a subscription stands", query=TokenQuery, roles=ANYONE)
    def subscription_page(self, call: Call) -> Reply:
        """Position, lag, queue, parked, dropped, the last error, and what to do about it."""
        if (token := call.query["token"]) is not None:
            return self._let_in(call, token)
        asker = self._who(call)
        if asker is None:
            return PAGES.render(call, "subscription_token.html", name=call.path["name"], wrong=False, status=401)
        one = self._seen(call, asker)
        return PAGES.render(
            call,
            "subscription.html",
            block="figures" if is_fragment(call) else None,
            found=standing(self.rows, one),
            may_settle=asker.role in MANAGERS,
            done=call.query["done"],
        )

    @page("POST", f"{_ONE}/token", summary="Look with a reading token", body=TokenForm, roles=ANYONE)
    def subscription_let_in(self, call: Call) -> Reply:
        """For whoever was given the token and not the link."""
        return self._let_in(call, call.body["token"])

    @page("GET", f"{_ONE}/parked", summary="Its parked messages", query=PageQuery, roles=ANYONE)
    def subscription_parked(self, call: Call) -> Reply:
        """Asked of the courier; looking takes nothing away."""
        asker = self._who(call)
        if asker is None:
            return to(f"/operations/subscriptions/{call.path['name']}")
        one = self._seen(call, asker)
        messages: list[dict[str, Any]] | None = []
        if one.delivery is DeliveryKind.AMQP and one.state is not State.DELETED:
            try:
                messages = parked.ask(self.rows, one, {"do": "list", "limit": _SHOWN, "type": None})["messages"]
            except Unavailable:
                messages = None
        may = asker.role in MANAGERS
        return PAGES.render(call, "subscription_parked.html", one=one, messages=messages, may_settle=may, most=_SHOWN)

    @page("POST", f"{_ONE}/redrive", summary="Send parked messages back", body=RedriveForm, roles=MANAGERS)
    def subscription_redrive(self, call: Call) -> Reply:
        """To the subscription's queue, as if they came for the first time; the log keeps who did it."""
        one = living(handlers.load(self.log, call.path["name"], call.signed_in))
        message = call.body["message_id"]
        which = {"ids": [message] if message else [], "type": None, "all": not message, "dry_run": False}
        count = parked.ask(self.rows, one, {"do": "redrive", **which, **parked.actor_of(call.cause())})["count"]
        return to(f"/operations/subscriptions/{one.name}?done={count}")

    def _let_in(self, call: Call, token: str) -> Reply:
        name = call.path["name"]
        try:
            handlers.load(self.log, name, verifier_of(self.settings).verify(token.strip()))
        except Unauthenticated:
            return PAGES.render(call, "subscription_token.html", name=name, wrong=True, status=401)
        secure = self.settings.public_url.startswith("https:")
        address = f"/operations/subscriptions/{name}"
        return to(address, cookies.write(COOKIE, token.strip(), secure=secure, lifetime=_FOR, path=address))

    def _who(self, call: Call) -> Asker | None:
        """Somebody who is signed in or sends a token along, else the token that this browser was let in with."""
        if call.asker is not None:
            return call.asker
        try:
            return verifier_of(self.settings).verify(call.cookies[COOKIE]) if COOKIE in call.cookies else None
        except Unauthenticated:
            return None

    def _seen(self, call: Call, asker: Asker) -> Subscription:
        """Raises NotFound, Forbidden. The duty chief sees what an operator sees, and changes nothing."""
        if asker.role == "duty_chief":
            asker = Asker(asker.id, "operator")
        return handlers.load(self.log, call.path["name"], asker)
