"""Who hears what a command centre has to see to: posts without anybody, answers owed, cases in trouble, work assigned.

Each function asks for notices and nothing else. What need not be read at once waits until somebody is there, exactly
as reminders do; where every hour counts, for an urgent case or in an emergency, nothing waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.notify.domain import Recipient
from services.notify.hours import Hours
from services.notify.letters import civil
from services.notify.people import CHIEF, DESK, Directory, to_person, to_post
from services.notify.reactions import Channels, ask
from shared.contracts.case import (
    CaseDispatched,
    CaseFiled,
    CaseLevelLowered,
    CaseLevelRaised,
    CaseProblemDeclared,
    CaseReworkOrdered,
    CaseSelfHandled,
    Loop,
    ProblemKind,
    WhistleBlown,
)
from shared.contracts.check import CheckAssigned
from shared.contracts.duty import DutyGapFound, DutyGivenBack, DutyPostOpened, DutySilent, DutyTakenOver
from shared.contracts.envelope import Recorded
from shared.contracts.notice import RecipientKind
from shared.contracts.report import Urgency
from shared.contracts.task import DisputeOpened, Joined, TaskAdded
from shared.contracts.visit import VisitReplyOverdue
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Unavailable
from shared.kernel.wording import Wording
from shared.ports import EventLog

TIERS = {Loop.COMMUNITY: Tier.COMMUNITY, Loop.STREET: Tier.STREET, Loop.DISTRICT: Tier.DISTRICT}
PROBLEMS = {ProblemKind.REWORKS: "返工", ProblemKind.TRANSFERS: "转派"}
NOT_YET = str(Wording("另行排班", "further notice"))
Duty = DutyGapFound | DutySilent | DutyTakenOver | DutyGivenBack
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Office:
    """Everything that is asked before somebody is told."""

    log: EventLog
    book: Directory
    hours: Hours
    channels: Channels

    def tell(
        self,
        recorded: Recorded[Any],
        template: str,
        to: Iterable[tuple[Area | None, Recipient]],
        *,
        consumer: str,
        at: datetime,
        can_wait: bool = True,
    ) -> None:
        """Ask for one notice each; to whose centre it is decides from when on they may be told."""
        for centre, recipient in to:
            moment = self.hours.may_tell(centre, recorded.area, at) if can_wait else at
            timed = replace(recipient, not_before=moment) if moment > at else recipient
            ask(self.log, recorded, template, [timed], channels=self.channels, consumer=consumer, at=at)

    def to_chief(self, area: Area, at: datetime, values: Values) -> list[tuple[Area | None, Recipient]]:
        """Whoever is in charge of the area's centre."""
        usual = self.channels[RecipientKind.POST]
        return [(area, one) for one in to_post(self.book, CHIEF, area, at, values, usual)]

    def to_desk(self, area: Area, at: datetime, values: Values) -> list[tuple[Area | None, Recipient]]:
        """Whoever is at the desk of the area's centre."""
        usual = self.channels[RecipientKind.POST]
        return [(area, one) for one in to_post(self.book, DESK, area, at, values, usual)]

    def to_account(self, account: str, area: Area, values: Values) -> list[tuple[Area | None, Recipient]]:
        """One colleague."""
        usual = self.channels[RecipientKind.POST]
        return [(area, one) for one in to_person(self.book, account, values, usual)]


def to_departments(codes: Iterable[str], values: Values) -> list[tuple[Area | None, Recipient]]:
    """Each department once; they keep the hours of the calendar."""
    return [(None, Recipient(RecipientKind.DEPARTMENT, code, values)) for code in dict.fromkeys(codes)]


# --- the desks ----------------------------------------------------------------------------------------------------


def tell_duty(recorded: Recorded[Duty], office: Office, *, consumer: str, at: datetime) -> None:
    """空岗: the centre's chief. 失联: one tier up as well. 接管 and 交还: both centres."""
    event, own = recorded.event, Area(recorded.event.area)
    opened = office.log.stream(recorded.stream)[0].event
    place = opened.name if isinstance(opened, DutyPostOpened) else ""
    values = {"place": place, "area": own.path}
    above = own.parent
    match event:
        case DutyGapFound(starts_at=starts_at, ends_at=ends_at):
            template, centres = "duty_gap", [own]
            values |= {"since": civil(starts_at), "until": civil(ends_at) if ends_at else NOT_YET}
        case DutySilent(since=since):
            template, centres = "duty_silent", [own, *([above] if above else [])]
            values |= {"since": civil(since)}
        case DutyTakenOver(by_area=by_area):
            template, centres = "duty_taken_over", [own, Area(by_area)]
            values |= {"by": by_area}
        case DutyGivenBack():
            template, centres = "duty_given_back", [own, *([above] if above else [])]
    told = [one for centre in centres for one in office.to_chief(centre, recorded.occurred_at, values)]
    office.tell(recorded, template, told, consumer=consumer, at=at)


def tell_visit_overdue(recorded: Recorded[VisitReplyOverdue], office: Office, *, consumer: str, at: datetime) -> None:
    """逾期未回: whoever was at the door, and their community."""
    visit = office.log.stream(recorded.stream)[0]
    values = {"household": visit.event.household, "area": recorded.area.path, "due": civil(recorded.event.due_at)}
    community = recorded.area.at(Tier.COMMUNITY) or recorded.area
    told = [
        *office.to_account(visit.actor.id, community, values),
        *office.to_desk(community, recorded.occurred_at, values),
    ]
    office.tell(recorded, "visit_overdue", told, consumer=consumer, at=at)


# --- cases in trouble ---------------------------------------------------------------------------------------------


def tell_problem(recorded: Recorded[CaseProblemDeclared], office: Office, *, consumer: str, at: datetime) -> None:
    """问题工单: the chief of the tier that watches over it from now on."""
    event = recorded.event
    values = {"kind": PROBLEMS[event.kind], "count": str(event.count)}
    told = office.to_chief(_at(recorded.area, TIERS[event.supervised_by]), recorded.occurred_at, values)
    pressing = _is_pressing(_history(office, recorded))
    office.tell(recorded, "case_problem", told, consumer=consumer, at=at, can_wait=not pressing)


def tell_dispute(recorded: Recorded[DisputeOpened], office: Office, *, consumer: str, at: datetime) -> None:
    """权责争议: the departments concerned, and whoever may decide: one tier above the loop that has the case."""
    event, history = recorded.event, _history(office, recorded)
    values = {"between": "、".join(event.between), "question": event.question, "due": civil(event.due_at)}
    tier = max(TIERS[_loop(history)] - 1, Tier.DISTRICT)
    told = [
        *office.to_chief(_at(recorded.area, Tier(tier)), recorded.occurred_at, values),
        *to_departments(event.between, values),
    ]
    office.tell(recorded, "dispute_opened", told, consumer=consumer, at=at, can_wait=not _is_pressing(history))


def tell_whistle(recorded: Recorded[WhistleBlown], office: Office, *, consumer: str, at: datetime) -> None:
    """吹哨: every department that is summoned."""
    event = recorded.event
    values = {"reason": event.reason, "due": civil(event.due_at)}
    pressing = _is_pressing(_history(office, recorded))
    told = to_departments(event.departments, values)
    office.tell(recorded, "whistle_blown", told, consumer=consumer, at=at, can_wait=not pressing)


# --- work assigned ------------------------------------------------------------------------------------------------


def tell_task(recorded: Recorded[TaskAdded], office: Office, *, consumer: str, at: datetime) -> None:
    """拆分: the department that gets a part. Who joined at a dispatch or a whistle heard of that."""
    event = recorded.event
    if event.joined is not Joined.SPLIT:
        return
    values = {"what": event.what, "due": civil(event.due_at)}
    pressing = _is_pressing(_history(office, recorded))
    told = to_departments([event.department], values)
    office.tell(recorded, "task_added", told, consumer=consumer, at=at, can_wait=not pressing)


def tell_rework(recorded: Recorded[CaseReworkOrdered], office: Office, *, consumer: str, at: datetime) -> None:
    """返工: the departments whose work has to be done again."""
    event, history = recorded.event, _history(office, recorded)
    values = {"reason": event.reason, "count": str(event.rework)}
    told = to_departments(_who_goes_again(event, history), values)
    office.tell(recorded, "case_rework", told, consumer=consumer, at=at, can_wait=not _is_pressing(history))


def tell_checker(recorded: Recorded[CheckAssigned], office: Office, *, consumer: str, at: datetime) -> None:
    """核查: whoever is to look."""
    event = recorded.event
    if event.person is None:
        return
    pressing = _is_pressing(_history(office, recorded))
    told = office.to_account(event.person, recorded.area.at(Tier.STREET) or recorded.area, {})
    office.tell(recorded, "check_assigned", told, consumer=consumer, at=at, can_wait=not pressing)


def _history(office: Office, recorded: Recorded[Any]) -> Sequence[Recorded[Any]]:
    history = office.log.about(recorded.correlation_id)
    if not history:
        raise Unavailable(f"nothing about {recorded.correlation_id} is in the log yet")
    return history


def _is_pressing(history: Iterable[Recorded[Any]]) -> bool:
    """Whether every hour counts for the case."""
    found = [one.event.urgency for one in history if isinstance(one.event, CaseFiled | CaseSelfHandled)]
    return bool(found) and found[-1] is not Urgency.NORMAL


def _loop(history: Iterable[Recorded[Any]]) -> Loop:
    loop = Loop.COMMUNITY
    for one in history:
        match one.event:
            case CaseFiled(loop=found) | CaseSelfHandled(loop=found):
                loop = found
            case CaseLevelRaised(to_loop=found) | CaseLevelLowered(to_loop=found):
                loop = found
            case _:
                pass
    return loop


def _who_goes_again(event: CaseReworkOrdered, history: Iterable[Recorded[Any]]) -> list[str]:
    """The departments of the tasks that are named; of all of the present attempt's when none is."""
    tasks: dict[object, str] = {}
    for one in history:
        match one.event:
            case CaseDispatched(task_id=task_id, department=department):
                tasks = {task_id: department}
            case TaskAdded(task_id=task_id, department=department):
                tasks[task_id] = department
            case _:
                pass
    return [code for task_id, code in tasks.items() if not event.task_ids or task_id in event.task_ids]


def _at(area: Area, tier: Tier) -> Area:
    return area.at(tier) or area
