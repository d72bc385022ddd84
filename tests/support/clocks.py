"""An issue told event by event, and the clocks that follow over the calendar of 2026 with its 调休."""

from __future__ import annotations

import random
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.dispatch.clocks.book import Book, Clock
from services.dispatch.clocks.facts import book_of, draft
from services.dispatch.clocks.keep import addition
from services.dispatch.clocks.posts import Holder, Posts
from services.dispatch.clocks.rules import Rules
from services.dispatch.clocks.timer import bring_up
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts import case, check, task
from shared.contracts.appointment import Post
from shared.contracts.case import Loop
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.clock import Rung, Stage
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.contracts.report import ReportAccepted, ReportSelfHandled, ReportSubmitted, Source, Urgency
from shared.contracts.rulebook import LadderDefined, LadderRung, LimitDefined
from shared.contracts.shapes import Limit, Unit
from shared.kernel.area import Area
from shared.kernel.ids import derived_id
from shared.kernel.working_time import due
from shared.ports import Append, Happening
from tests.support.cases import COMMUNITY, LINES
from tests.support.memory import MemoryLog

IN_DECEMBER = date(2026, 12, 1)
FIVE_HOURS = Limit(5, Unit.WORKING_HOURS)
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS, DAYS, URGENT = Unit.WORKING_HOURS, Unit.WORKING_DAYS, Unit.URGENT_HOURS


def at(text: str) -> datetime:
    """An instant on the clocks of the city: `2026-09-30 16:40`."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def limit_line(stage: Stage, limit: Limit, **given: Any) -> LimitDefined:
    usual: dict[str, Any] = {
        "rule": "-".join(["T", stage.value, *(str(value) for value in given.values())]),
        "issue_type": "*",
        "area": "530103",
        "urgency": None,
        "loop": None,
        "condition": None,
        "condition_name": None,
    }
    return LimitDefined(stage=stage, limit=limit, **{**usual, **given})


LADDER = LadderDefined(
    rule="T-LADDER",
    stage=None,
    urgency=None,
    warn_percent=80,
    rungs=(
        LadderRung(rung=Rung.URGED, delay=None, up=0),
        LadderRung(rung=Rung.SUPERVISED, delay=Limit(1, DAYS), up=1),
        LadderRung(rung=Rung.RAISED, delay=Limit(3, DAYS), up=2),
    ),
)
STANDARDS = (
    limit_line(Stage.ACCEPT, Limit(2, HOURS)),
    limit_line(Stage.VERIFY, Limit(4, HOURS)),
    limit_line(Stage.FILE, Limit(1, HOURS)),
    limit_line(Stage.DISPATCH, Limit(1, HOURS)),
    limit_line(Stage.SIGN, Limit(2, HOURS)),
    limit_line(Stage.CHECK, Limit(4, HOURS)),
    limit_line(Stage.REPLY, Limit(1, DAYS)),
    LADDER,
)
STAGED = tuple(
    limit_line(Stage.HANDLE, limit, issue_type="E-01-02", condition=code, condition_name=name)
    for code, name, limit in (
        ("stop_work", "责令停工", Limit(4, HOURS)),
        ("penalty", "作出处罚", Limit(7, DAYS)),
        ("demolition", "拆除", Limit(20, DAYS)),
    )
)
RULEBOOK = Rulebook.of((*LINES, *STANDARDS))
POSTS = Posts.of(
    (
        ("530103.004.012", Holder(Post.GRID_LEAD, "lead.012", date(2026, 1, 1))),
        ("530103.004", Holder(Post.STREET_SUPERVISOR, "street.004", date(2026, 1, 1))),
        ("530103", Holder(Post.DISTRICT_INSPECTOR, "district", date(2026, 1, 1))),
    )
)
RULES = Rules(RULEBOOK, posts=POSTS)


@dataclass
class Issue:
    """One issue on a log in memory. `clock.set` moves the time at which the next event happens."""

    now: datetime
    log: MemoryLog = field(default_factory=MemoryLog)
    case_id: UUID = field(default_factory=lambda: derived_id("issue", random.random()))
    rules: Rules = RULES
    area: Area = COMMUNITY
    keeps: bool = True
    """Whether the clocks are kept after every event, as they are when nothing is late."""
    origin: Origin = Origin.LIVE

    def __post_init__(self) -> None:
        # What happens is learnt of at once, whatever day the tests run on.
        self.log.clock = lambda: self.now

    @property
    def task_id(self) -> UUID:
        return derived_id("task", self.case_id, 1)

    def at(self, text: str) -> Issue:
        """It is now that instant."""
        self.now = at(text)
        return self

    def happens(self, event: object, stream: str | None = None, seen_at: datetime | None = None) -> Issue:
        """The event happens now, or is told of now and was seen before."""
        category = OF_SHAPE[type(event)].category
        name = stream or f"{category}-{self.case_id}"
        self.log.append(
            Append(
                stream=name,
                expected=len(self.log.stream(name)),
                happenings=(Happening(event, seen_at or self.now),),
                area=self.area,
                actor=Actor("t", "dispatcher"),
                correlation_id=self.case_id,
                origin=self.origin,
            )
        )
        return self.kept() if self.keeps else self

    def kept(self) -> Issue:
        """Whoever keeps the clocks has heard of everything."""
        history = self.log.about(self.case_id)
        found = draft(history, self.rules, self.now)
        if found.facts:
            self.log.append(addition(history, found, found.facts_in_order))
        return self

    def ticked(self) -> list[str]:
        """The timer looks at the issue now; the types of what it said."""
        before = len(self.log.events)
        append = bring_up(self.log.about(self.case_id), self.rules, self.now)
        if append is not None:
            self.log.append(append)
        return [one.type for one in self.log.events[before:]]

    @property
    def history(self) -> list[Recorded[Any]]:
        return self.log.about(self.case_id)

    @property
    def book(self) -> Book:
        return book_of(self.history)

    def clock(self, stage: Stage, condition: str | None = None, department: str | None = None) -> Clock:
        """The last clock of the stage."""
        return [
            clock
            for clock in self.book.clocks.values()
            if clock.stage is stage
            and clock.started.condition == condition
            and department in (None, clock.started.department)
        ][-1]

    def facts(self) -> list[Recorded[Any]]:
        return self.log.stream(f"clock-{self.case_id}")

    # --- the road -----------------------------------------------------------------------------------------------

    def submitted(self, urgency: Urgency = Urgency.NORMAL, seen_at: datetime | None = None) -> Issue:
        common = _told(urgency)
        told = ReportSubmitted(report_id=self.case_id, external_number=None, **common, **_more(ReportSubmitted))
        return self.happens(told, seen_at=seen_at)

    def self_handled(self, seen_at: datetime) -> Issue:
        done = {"answer": "done", "before": (), "after": ()}
        more = {name: value for name, value in _more(ReportSelfHandled).items() if name not in done}
        common = {**_told(Urgency.NORMAL), **done, **more, "reported_at": seen_at}
        return self.happens(ReportSelfHandled(report_id=self.case_id, **common), seen_at=seen_at)

    def accepted(self, urgency: Urgency = Urgency.NORMAL) -> Issue:
        common = _told(urgency)
        return self.happens(
            ReportAccepted(report_id=self.case_id, reported_at=self.now, **common, **_more(ReportAccepted))
        )

    def filed(self, urgency: Urgency = Urgency.NORMAL, loop: Loop = Loop.COMMUNITY) -> Issue:
        return self.happens(case.CaseFiled(case_id=self.case_id, loop=loop, reported_at=self.now, **_told(urgency)))

    def dispatched(self, limit: Limit | None = FIVE_HOURS, attempt: int = 1, department: str = "urban") -> Issue:
        found = None if limit is None else due(self.now, limit, self.rules.calendar)
        return self.happens(
            case.CaseDispatched(
                case_id=self.case_id,
                task_id=derived_id("task", self.case_id, attempt),
                department=department,
                co_handlers=(),
                rule=None,
                because="",
                limit=limit,
                due_at=None if found is None else found.at,
                due_because="" if found is None else str(found.because),
                attempt=attempt,
            )
        )

    def signed(self) -> Issue:
        return self.happens(case.TaskSigned(case_id=self.case_id, task_id=self.task_id, department="urban"))

    def responded(self) -> Issue:
        return self.happens(
            case.TaskResponded(
                case_id=self.case_id, task_id=self.task_id, department="urban", answer="done", evidence=(), on_time=None
            )
        )

    def sent_to_check(self, attempt: int = 1) -> Issue:
        return self.happens(case.CaseSentToCheck(case_id=self.case_id, department="urban", attempt=attempt))

    def checked(self, passed: bool = True) -> Issue:
        check_id = derived_id("check", self.case_id, len(self.log.events))
        event = check.CheckPassed if passed else check.CheckFailed
        self.happens(event(check_id=check_id, case_id=self.case_id, findings=""), f"check-{check_id}")
        if passed:
            return self.happens(case.CaseClearedToClose(case_id=self.case_id, check_id=check_id))
        return self.happens(case.CaseReworkOrdered(case_id=self.case_id, check_id=check_id, reason="not yet", rework=1))

    def closed(self) -> Issue:
        return self.happens(case.CaseClosed(case_id=self.case_id, answer="thanks", attempt=1))

    def suspended(self, review_on: date = IN_DECEMBER) -> Issue:
        return self.happens(
            case.CaseSuspended(
                case_id=self.case_id, request_id=derived_id("r", self.case_id), reason="season", review_on=review_on
            )
        )

    def resumed(self, *new: case.NewDue) -> Issue:
        return self.happens(case.CaseResumed(case_id=self.case_id, reason="spring", due=new))

    def extended(self, due_at: datetime) -> Issue:
        return self.happens(
            task.ExtensionApproved(
                case_id=self.case_id,
                task_id=self.task_id,
                request_id=derived_id("x", self.case_id),
                due_at=due_at,
                due_because="more time",
                attempt=1,
            )
        )


def _told(urgency: Urgency) -> dict[str, Any]:
    return {
        "number": "20260105530103000001",
        "source": Source.RESIDENT,
        "subject_id": None,
        "issue_type": "E-01-02",
        "urgency": urgency,
        "title": "t",
        "words": "w",
        "place": None,
        "point": None,
    }


def _more(shape: type) -> dict[str, Any]:
    """Fields that came into the shape later and say nothing here."""
    known = {*_told(Urgency.NORMAL), "report_id", "external_number", "reported_at"}
    return {one.name: None for one in fields(shape) if one.name not in known and one.default is MISSING}
