"""Doors for the operator's programs: accounts are made, listed, changed."""

from __future__ import annotations

from typing import Any

from services.grid.accounts import contacts, handlers
from services.grid.accounts.contact_schemas import ContactBody
from services.grid.accounts.domain import Post
from services.grid.accounts.schemas import (
    AccountsAnswer,
    CreateAccountBody,
    DisableBody,
    OneTimePassword,
    PostBody,
)
from services.grid.room import Room
from services.grid.schemas import Done
from shared.ports import Appended
from shared.security.sealing import Sealer
from shared.web.call import Call, Reply
from shared.web.door import door

_OPERATOR = ("operator",)
_LIST = """
SELECT a.account, a.role, a.area, a.department, a.enabled, a.created_at,
       k.locked_until, k.signed_in_at, coalesce(k.must_change, false) AS must_change
FROM accounts a LEFT JOIN grid.account_keys k USING (account) ORDER BY a.account
"""


class AccountDoors(Room):
    """Who may sign in."""

    @door("GET", "/api/v1/accounts", summary="All accounts", answer=AccountsAnswer, roles=_OPERATOR)
    def accounts(self, _call: Call) -> Reply:
        """Who may sign in, as what, and where."""
        return Reply({"accounts": self.rows.query(_LIST)})

    @door(
        "POST",
        "/api/v1/accounts",
        summary="Create an account",
        body=CreateAccountBody,
        answer=OneTimePassword,
        status=201,
        roles=_OPERATOR,
    )
    def create_account(self, call: Call) -> Reply:
        """The answer holds a one-time password, this once; it is to be changed at the first log-in."""
        name: str = call.body["account"]
        password = handlers.create(self.log, name, _post(call.body), call.cause(), called=call.body["name"])
        return Reply({"account": name, "password": password})

    @door(
        "POST", "/api/v1/accounts/<account>/assign", summary="Another role", body=PostBody, answer=Done, roles=_OPERATOR
    )
    def assign_account(self, call: Call) -> Reply:
        """Another role, area or department."""
        return _done(handlers.assign(self.log, self.rows, call.path["account"], _post(call.body), call.cause()))

    @door(
        "POST",
        "/api/v1/accounts/<account>/disable",
        summary="Disable an account",
        body=DisableBody,
        answer=Done,
        roles=_OPERATOR,
    )
    def disable_account(self, call: Call) -> Reply:
        """Nobody signs in with it any more."""
        name, reason = call.path["account"], call.body["reason"]
        return _done(handlers.disable(self.log, self.rows, name, call.cause(), reason=reason))

    @door("POST", "/api/v1/accounts/<account>/enable", summary="Enable an account", answer=Done, roles=_OPERATOR)
    def enable_account(self, call: Call) -> Reply:
        """It may be used again."""
        return _done(handlers.enable(self.log, call.path["account"], call.cause()))

    @door(
        "PUT",
        "/api/v1/accounts/<account>/contact",
        summary="Where they are reached",
        body=ContactBody,
        answer=Done,
        roles=_OPERATOR,
    )
    def change_contact(self, call: Call) -> Reply:
        """Kept sealed, shown nowhere, used for letters alone; with neither number nor mailbox it is forgotten."""
        contact = {name: said for name, said in call.body.items() if said}
        sealer = Sealer(self.settings.master_key)
        return _done(contacts.change(self.log, sealer, call.path["account"], contact, call.cause()))

    @door(
        "POST",
        "/api/v1/accounts/<account>/password",
        summary="Another one-time password",
        answer=OneTimePassword,
        roles=_OPERATOR,
    )
    def reset_password(self, call: Call) -> Reply:
        """For somebody who has forgotten theirs; it is to be changed at the next log-in."""
        name = call.path["account"]
        return Reply({"account": name, "password": handlers.reset_password(self.log, self.rows, name, call.cause())})


def _post(body: dict[str, Any]) -> Post:
    return Post(body["role"], body["area"] and body["area"].path, body["department"])


def _done(appended: Appended) -> Reply:
    return Reply({"stream": appended.stream, "version": appended.version, "events": len(appended.event_ids)})
