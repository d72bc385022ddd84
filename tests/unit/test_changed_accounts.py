"""Whose session counts no more: that of a disabled or changed account, within seconds, and nobody else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.accounts import FRESH_SECONDS, Changes
from shared.kernel.errors import Unauthenticated, Unavailable
from shared.security.permission import Asker
from shared.security.sessions import LIFETIME, Session

AT = datetime(2026, 5, 3, 9, tzinfo=UTC)
ASKER = Asker("p0317", "dispatcher")


class Rows:
    """The table of one service, which may be away."""

    def __init__(self, *rows: Mapping[str, Any]) -> None:
        self.rows = list(rows)
        self.asked = 0
        self.is_there = True
        self.is_away = False

    def query(self, statement: str, parameters: Any = ()) -> list[dict[str, Any]]:  # noqa: ARG002  # one table
        if self.is_away:
            raise Unavailable("the database is away")
        if "to_regclass" in statement:
            return [{"is_there": self.is_there}]
        self.asked += 1
        return [dict(row) for row in self.rows]

    def execute(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> int:
        raise AssertionError(statement, parameters)


def row(account: str = "p0317", *, is_enabled: bool = False, since: datetime = AT) -> dict[str, Any]:
    return {"account": account, "is_enabled": is_enabled, "signed_since": since}


def session(signed_at: datetime, asker: Asker = ASKER) -> Session:
    return Session(asker, "csrf", None, signed_at + LIFETIME)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_a_session_from_before_the_change_counts_no_more_and_one_from_after_it_does(is_enabled: bool) -> None:
    changes = Changes(Rows(row(is_enabled=is_enabled)))

    assert changes.is_void(session(AT - timedelta(seconds=1)), AT)
    assert not changes.is_void(session(AT), AT)


def test_nobody_else_is_kept_out() -> None:
    changes = Changes(Rows(row("p0318")))

    assert not changes.is_void(session(AT - timedelta(minutes=9)), AT)
    changes.check(ASKER, AT)


def test_a_token_in_the_name_of_a_disabled_account_is_refused() -> None:
    with pytest.raises(Unauthenticated, match="disabled"):
        Changes(Rows(row())).check(ASKER, AT)

    Changes(Rows(row(is_enabled=True))).check(ASKER, AT)


def test_the_table_is_asked_every_two_seconds_at_most() -> None:
    now, rows = [0.0], Rows()
    changes = Changes(rows, clock=lambda: now[0])
    for moment in (0.0, 1.0, 1.9):
        now[0] = moment
        changes.is_void(session(AT), AT)
    rows.rows.append(row(since=AT + timedelta(minutes=1)))
    now[0] = FRESH_SECONDS

    assert rows.asked == 1
    assert changes.is_void(session(AT), AT)


def test_without_a_table_or_a_database_what_was_known_counts() -> None:
    now, rows = [0.0], Rows(row())
    changes = Changes(rows, clock=lambda: now[0])
    before = session(AT - timedelta(minutes=9))
    known = changes.is_void(before, AT)
    rows.is_away, now[0] = True, 9.0
    nothing = Rows(row())
    nothing.is_there = False

    assert known
    assert changes.is_void(before, AT)
    assert not Changes(nothing).is_void(before, AT)
    assert not Changes(Rows(row())).is_void(replace(before, asker=Asker("other", "reader")), AT)
