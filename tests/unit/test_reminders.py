"""Who hears that time runs out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.notify import reminders
from services.notify.templates import LANGUAGES, load
from shared.contracts.clock import ClockWarned, EscalationRaised, Rung, Stage
from shared.contracts.notice import RecipientKind
from shared.kernel.ids import new_id
from tests.support.cases import THURSDAY, recorded
from tests.support.memory import MemoryLog

CHANNELS = {RecipientKind.DEPARTMENT: "outbox", RecipientKind.POST: "outbox"}


def warned(department: str | None) -> ClockWarned:
    return ClockWarned(clock_id=new_id(), case_id=new_id(), stage=Stage.HANDLE, due_at=THURSDAY, department=department)


def raised(rung: Rung, department: str | None = "urban", post: str | None = "street_supervisor") -> EscalationRaised:
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
    )


def told(event: ClockWarned | EscalationRaised, log: MemoryLog | None = None) -> list[tuple[str, str]]:
    log = log or MemoryLog()
    tell = reminders.tell_warned if isinstance(event, ClockWarned) else reminders.tell_escalated
    heard = recorded(event)
    for _ in range(2):
        tell(heard, log, channels=CHANNELS, consumer="notify.tell", at=THURSDAY)  # type: ignore[arg-type]
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
