"""Who hears that time runs out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notify import reminders
from services.notify.templates import LANGUAGES, load
from shared.contracts.clock import ClockWarned, EscalationRaised, Rung, Stage
from shared.contracts.notice import RecipientKind
from shared.kernel.ids import new_id
from tests.support.cases import THURSDAY, recorded
from tests.support.directory import Book
from tests.support.memory import MemoryLog

CHANNELS = dict.fromkeys(RecipientKind, "outbox")


def warned(department: str | None) -> ClockWarned:
    return ClockWarned(clock_id=new_id(), case_id=new_id(), stage=Stage.HANDLE, due_at=THURSDAY, department=department)


def raised(
    rung: Rung,
    department: str | None = "urban",
    post: str | None = "street_supervisor",
    on_shift: tuple[str, ...] | None = None,
) -> EscalationRaised:
    return EscalationRaised(
        escalation_id=new_id(),
        clock_id=new_id(),
        case_id=new_id(),
        rung=rung,
        stage=Stage.HANDLE,
        department=department,
        due_at=THURSDAY - timedelta(hours=1),
        target_area="530103.004",
        target_post=post,
        because="因为",
        next_rung=None,
        next_at=None,
        on_shift=on_shift,
    )


def told(event: ClockWarned | EscalationRaised, book: Book | None = None) -> list[tuple[str, str]]:
    log = MemoryLog()
    heard: Any = recorded(event)
    how: dict[str, Any] = {"channels": CHANNELS, "consumer": "notify.tell", "at": THURSDAY}
    for _ in range(2):
        if isinstance(event, ClockWarned):
            reminders.tell_warned(heard, log, **how)
        else:
            reminders.tell_escalated(heard, log, book or Book(), **how)
    return [(found.event.template, found.event.recipient) for found in log.events]


def test_a_warning_reaches_the_department_once() -> None:
    assert told(warned("urban")) == [("clock_warned", "urban")]


def test_a_warning_about_what_nobody_has_reaches_nobody() -> None:
    assert told(warned(None)) == []


def test_urging_reaches_the_department_and_the_post() -> None:
    assert told(raised(Rung.URGED)) == [
        ("case_urged", "urban"),
        ("case_escalated", "street_supervisor@530103.004"),
    ]


@pytest.mark.parametrize("rung", [Rung.SUPERVISED, Rung.RAISED])
def test_the_rungs_above_reach_the_post_alone(rung: Rung) -> None:
    assert told(raised(rung)) == [("case_escalated", "street_supervisor@530103.004")]


def test_where_nobody_holds_a_post_the_desk_is_addressed() -> None:
    assert told(raised(Rung.RAISED, None, None)) == [("case_escalated", "desk@530103.004")]


def test_whoever_holds_the_post_hears_by_name_and_the_gateway_only_when_they_left_no_number() -> None:
    held: dict[str, dict[str, tuple[str, ...]]] = {"530103.004": {"street_supervisor": ("street.004",)}}
    reached = Book(held, {"street.004": frozenset({"phone"})})
    known = Book(held, {"street.004": frozenset()})

    assert told(raised(Rung.RAISED), reached) == [("case_escalated", "street.004")]
    assert told(raised(Rung.RAISED), known) == [
        ("case_escalated", "street.004"),
        ("case_escalated", "street_supervisor@530103.004"),
    ]


def test_at_night_only_the_shift_is_reminded_and_neither_the_department_nor_the_post() -> None:
    book = Book({"530103.004": {"street_supervisor": ("street.004",)}}, {"night": frozenset({"phone"})})

    assert told(raised(Rung.URGED, on_shift=("night",)), book) == [("case_escalated", "night")]
    assert told(raised(Rung.URGED, on_shift=("no.account",)), book) == [("case_escalated", "desk@530103.004")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_letter_says_which_rung_and_until_when(language: str) -> None:
    values = {
        "number": "N1",
        "title": "T",
        "post": "P",
        "rung": "督办",
        "stage": "处置时限",
        "due": "D",
        "because": "B",
    }
    subject, body = load()["case_escalated", language].fill(values)

    assert "N1" in subject
    assert "督办" in subject
    assert "D" in body
