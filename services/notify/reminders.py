"""Who hears that time runs out: the department that has the task, and whoever the ladder calls upon.

A reminder is an event that was said in working hours, or at any hour where every hour counts: nothing waits here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from services.notify.domain import Recipient
from services.notify.letters import civil
from services.notify.people import DESK, Directory, to_people, to_post
from services.notify.reactions import Channels, ask
from shared.contracts.clock import ClockWarned, EscalationRaised, Rung
from shared.contracts.envelope import Recorded
from shared.contracts.notice import RecipientKind
from shared.kernel.area import Area
from shared.ports import EventLog

RUNGS = {Rung.URGED: "催办", Rung.SUPERVISED: "督办", Rung.RAISED: "提级督办"}


def tell_warned(
    recorded: Recorded[ClockWarned], log: EventLog, *, channels: Channels, consumer: str, at: datetime
) -> None:
    """预警: the department that has the task hears, where one has it."""
    event = recorded.event
    if event.department is not None:
        values = {"stage": event.stage.zh, "due": civil(event.due_at)}
        to = [Recipient(RecipientKind.DEPARTMENT, event.department, values)]
        ask(log, recorded, "clock_warned", to, channels=channels, consumer=consumer, at=at)


def tell_escalated(
    recorded: Recorded[EscalationRaised],
    log: EventLog,
    book: Directory,
    *,
    channels: Channels,
    consumer: str,
    at: datetime,
) -> None:
    """催办 reaches the department too; every rung reaches whoever it addresses. At night those on shift hear alone."""
    for template, recipient in _called_upon(recorded, book, channels[RecipientKind.POST]):
        ask(log, recorded, template, [recipient], channels=channels, consumer=consumer, at=at)


def _called_upon(recorded: Recorded[EscalationRaised], book: Directory, usual: str) -> Iterator[tuple[str, Recipient]]:
    event, area = recorded.event, Area(recorded.event.target_area)
    values = {"stage": event.stage.zh, "due": civil(event.due_at), "because": event.because}
    rung = {**values, "rung": RUNGS[event.rung]}
    if event.on_shift:
        shift = to_people(book.colleagues(event.on_shift), f"{DESK}@{area.path}", rung, usual)
        yield from (("case_escalated", one) for one in shift)
        return
    if event.rung is Rung.URGED and event.department is not None:
        yield "case_urged", Recipient(RecipientKind.DEPARTMENT, event.department, values)
    for one in to_post(book, event.target_post or DESK, area, recorded.occurred_at, rung, usual):
        yield "case_escalated", one
