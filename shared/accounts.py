"""Whose session counts no more: what every service keeps of accounts, to look at when somebody knocks.

A session is a signed cookie that every service checks alone, and lives for half an hour. Who was disabled, or given
another role, since it was signed is not let in with it any longer: seconds later, as soon as the service's own table
has heard. Sessions that are signed afterwards are grid's own word that the account may sign in again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.account import AccountDisabled, AccountEnabled
from shared.kernel.errors import Unauthenticated, Unavailable
from shared.kernel.wording import Wording
from shared.ports import Rows
from shared.projections import Batch, Cursor, Projection, select, upsert
from shared.security.permission import Asker
from shared.security.sessions import LIFETIME, Session

FRESH_SECONDS = 2.0
"""How old may be what a process remembers of the table."""
_TABLES = """
-- Accounts that were disabled or changed: sessions that were signed before that count no more.
CREATE TABLE changed_accounts (
    account        text PRIMARY KEY,
    is_enabled     boolean NOT NULL,
    changed_at     timestamptz NOT NULL,
    signed_since   timestamptz NOT NULL
);
CREATE INDEX changed_accounts_of_late ON changed_accounts (changed_at);
"""
_IS_THERE = "SELECT to_regclass('changed_accounts') IS NOT NULL AS is_there"
_OF_LATE = """
SELECT account, is_enabled, signed_since FROM changed_accounts WHERE NOT is_enabled OR changed_at > %(since)s
"""
_SECOND = timedelta(seconds=1)


def take(batch: Batch, cursor: Cursor) -> None:
    """One row for every account that was ever changed."""
    names = [recorded.event.account for recorded in batch.events]
    known = select(cursor, "SELECT * FROM changed_accounts WHERE account = ANY(%s)", [names])
    rows: dict[str, dict[str, Any]] = {row["account"]: row for row in known}
    for recorded in batch.events:
        event, at = recorded.event, recorded.occurred_at
        row = rows.setdefault(event.account, {"account": event.account, "is_enabled": True})
        # Cookies are signed to the second. Nobody signs in in the second after being disabled; whoever is given another
        # role does at once.
        row.update(changed_at=at, signed_since=at.replace(microsecond=0))
        if isinstance(event, AccountDisabled):
            row.update(is_enabled=False, signed_since=at + _SECOND)
        elif isinstance(event, AccountEnabled):
            row.update(is_enabled=True)
    upsert(cursor, "changed_accounts", ("account",), list(rows.values()))


def projection(service: str) -> Projection:
    """The projection for a service."""
    return Projection(
        name="changed_accounts",
        service=service,
        tables=_TABLES.strip() + "\n",
        handles=frozenset({"account.disabled", "account.assigned", "account.enabled"}),
        apply=take,
    )


@dataclass(frozen=True, slots=True)
class _Changed:
    is_enabled: bool
    signed_since: datetime


class Changes:
    """One per process: asks the table every two seconds at most, and only when somebody knocks."""

    def __init__(self, rows: Rows, clock: Callable[[], float] = time.monotonic) -> None:
        self._rows = rows
        self._clock = clock
        self._known: dict[str, _Changed] = {}
        self._asked_at: float | None = None
        self._is_there = False

    def is_void(self, session: Session, at: datetime) -> bool:
        """Whether the session was signed before its account was disabled or changed."""
        found = self._look(at).get(session.asker.id)
        return found is not None and session.expires_at - LIFETIME < found.signed_since

    def check(self, asker: Asker, at: datetime) -> None:
        """Raises Unauthenticated for a bearer token in the name of an account that is disabled."""
        found = self._look(at).get(asker.id)
        if found is not None and not found.is_enabled:
            raise Unauthenticated(str(Wording("账号已停用", "the account is disabled")))

    def _look(self, at: datetime) -> dict[str, _Changed]:
        now = self._clock()
        if self._asked_at is not None and now - self._asked_at < FRESH_SECONDS:
            return self._known
        self._asked_at = now
        try:
            self._is_there = self._is_there or bool(self._rows.query(_IS_THERE)[0]["is_there"])
            if self._is_there:
                found = self._rows.query(_OF_LATE, {"since": at - LIFETIME - _SECOND})
                self._known = {row["account"]: _Changed(row["is_enabled"], row["signed_since"]) for row in found}
        except Unavailable:
            # Without a database no door does anything; what was known counts until it is back.
            return self._known
        return self._known
