"""What the work list refuses before it asks the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.queries.work_list import Wanted, work_list
from services.dispatch.rulebooks import RulebookMemory
from shared.contracts.rulebook import DepartmentWithdrawn
from shared.kernel.errors import Forbidden, Invalid, Unavailable
from shared.security.permission import Asker
from shared.web.paging import place, read_place
from tests.support.cases import DISPATCHER, DISTRICT, ELSEWHERE, LINES, SANITATION, THURSDAY
from tests.support.rulebook_rows import RulebookRows

ID = "01a1ffed-9240-72e0-b7f6-9fa1a99f8491"


class NoRows:
    """Tables that must not be asked."""

    def query(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[dict[str, Any]]:
        raise AssertionError(f"asked {statement} with {parameters}")

    execute = query  # type: ignore[assignment]  # nobody writes either


@pytest.mark.parametrize(
    ("asker", "wanted", "error"),
    [
        (SANITATION, Wanted(department="urban"), Forbidden),
        (DISPATCHER, Wanted(area=ELSEWHERE), Forbidden),
        (DISPATCHER, Wanted(department="mine"), Invalid),
        (DISPATCHER, Wanted(after="yesterday|x"), Invalid),
        (DISPATCHER, Wanted(after="infinity"), Invalid),
        (DISPATCHER, Wanted(after=f"2026-11-26T15:40:00|{ID}"), Invalid),
        (DISPATCHER, Wanted(after=f"0001-01-01T00:00:00+23:59|{ID}"), Invalid),
    ],
)
def test_what_is_not_the_askers_is_refused(asker: Asker, wanted: Wanted, error: type[Exception]) -> None:
    with pytest.raises(error):
        work_list(NoRows(), asker, wanted, THURSDAY)


def test_an_account_of_no_department_is_told_so_instead_of_shown_an_empty_list() -> None:
    with pytest.raises(Forbidden, match="names no department"):
        work_list(NoRows(), Asker("x", "department", DISTRICT), Wanted(), THURSDAY)


# --- the rulebook in memory -------------------------------------------------------------------------------------


def test_a_rulebook_is_read_once_and_then_only_looked_at_once_a_second() -> None:
    rows, memory = RulebookRows(*LINES), RulebookMemory()
    first = memory.recall(rows, THURSDAY)
    asked = len(rows.asked)

    for _ in range(100):
        assert memory.recall(rows, THURSDAY + timedelta(milliseconds=500)) is first
    assert len(rows.asked) == asked

    assert memory.recall(rows, THURSDAY + timedelta(seconds=2)) is first
    assert len(rows.asked) == asked + 1


def test_a_changed_line_is_read_again() -> None:
    rows, memory = RulebookRows(*LINES), RulebookMemory()
    before = memory.recall(rows, THURSDAY)
    rows.say(DepartmentWithdrawn(code="water", reason="并入河湖中心"))

    after = memory.recall(rows, THURSDAY + timedelta(seconds=2))

    assert set(before.departments) - set(after.departments) == {"water"}


def test_who_needs_a_position_is_told_to_come_back_until_it_is_reached() -> None:
    rows, memory = RulebookRows(*LINES), RulebookMemory()
    memory.recall(rows, THURSDAY)

    with pytest.raises(Unavailable):
        memory.of(rows).as_of(7, THURSDAY)
    rows.watermark = 7
    assert memory.of(rows).as_of(7, THURSDAY) is memory.of(rows).current(THURSDAY)


@pytest.mark.parametrize("missing", ["department", "issue", "calendar", "tables"])
def test_before_it_is_projected_there_is_no_rulebook(missing: str) -> None:
    rows = RulebookRows(*(line for line in LINES if not type(line).__name__.lower().startswith(missing)))
    rows.is_there = missing != "tables"

    with pytest.raises(Unavailable):
        RulebookMemory().recall(rows, THURSDAY)


# --- pages ------------------------------------------------------------------------------------------------------


@given(st.none() | st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_place_in_a_list_is_read_back_as_the_same_instant_and_id(instant: datetime | None, row: UUID) -> None:
    assert read_place(place(instant, row)) == (instant, row)
