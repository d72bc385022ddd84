"""What the named events of an issue mean for its clocks. Events that are not named here mean nothing.

Every clock is named after the event that began it, so that hearing of it again, in any order, names the same clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from shared.contracts import case, check, feedback, report, task
from shared.contracts.case import Loop, NewDue
from shared.contracts.clock import Stage
from shared.contracts.envelope import Origin, Recorded
from shared.contracts.report import Urgency
from shared.contracts.shapes import Limit
from shared.kernel.area import Area
from shared.kernel.ids import derived_id


@dataclass(frozen=True, slots=True)
class Given:
    """A due instant that the event itself decided."""

    due_at: datetime | None
    limit: Limit | None = None
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the limits of an issue depend on."""

    issue_type: str = "*"
    urgency: Urgency = Urgency.NORMAL
    loop: Loop | None = None
    area: Area
    edition: int | None = None
    """Of the rulebook, under which the case was filed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """A clock starts. With `given`, its due instant is the one that the event decided, and no other."""

    cause: UUID
    at: datetime
    stage: Stage
    about: About
    task_id: UUID | None = None
    department: str | None = None
    given: Given | None = None
    review_on: date | None = None
    goes_on: bool = False
    """It runs to the due instant that the task had, or that the stage had: neither a rework nor a dispatch that was
    taken back lends new time."""
    has_conditions: bool = False
    """Whether closing conditions with limits of their own start along with it."""

    def clock_id(self, condition: str | None = None) -> UUID:
        return derived_id("clock", self.cause, self.stage.value, self.task_id, self.department, condition)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Clocks that run stop: those of the stage, and of the task, department or condition where these are named."""

    at: datetime
    fulfilled: bool
    stages: frozenset[Stage]
    task_id: UUID | None = None
    department: str | None = None
    condition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The time of every task stands still."""

    cause: UUID
    at: datetime
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The time of every task goes on, to the instants given."""

    cause: UUID
    at: datetime
    due: tuple[NewDue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend:
    """A task has more time."""

    cause: UUID
    at: datetime
    task_id: UUID
    due_at: datetime
    because: str


Movement = Begin | End | Hold | Release | Extend

TASK = frozenset({Stage.SIGN, Stage.HANDLE})
BEFORE_FILING = frozenset({Stage.ACCEPT, Stage.VERIFY, Stage.FILE})
ALL = frozenset(Stage)


def movements(history: Iterable[Recorded[Any]]) -> Iterator[Movement]:
    """Everything that the issue's events move, in order: its report's, its case's, its checks' and its feedback's."""
    road: Road | None = None
    for recorded in history:
        road = road or Road(About(area=recorded.area))
        found = tuple(road.take(recorded))
        # What was imported was over before it came: its clocks ran somewhere else.
        if recorded.origin is Origin.LIVE:
            yield from found


@dataclass(slots=True)
class Road:
    """Walks along an issue, and remembers what a later event does not repeat."""

    about: About
    tasks: dict[UUID, str | None] = field(default_factory=dict)
    """The tasks of this round, and whose they are."""
    is_verified: bool = False
    """Somebody was on site: the time for filing runs from then, and not from the acceptance."""

    def take(self, recorded: Recorded[Any]) -> Iterator[Movement]:
        """What this event moves."""
        match recorded.type.partition(".")[0]:
            case "report":
                yield from self._report(recorded)
            case "case" | "transfer":
                yield from self._case(recorded)
            case "task" | "extension" | "dispute" | "whistle":
                yield from self._work(recorded)
            case "check" | "feedback":
                yield from self._after(recorded)
            case _:
                pass

    # --- before there is a case ---------------------------------------------------------------------------------

    def _report(self, recorded: Recorded[Any]) -> Iterator[Movement]:
        event, at = recorded.event, recorded.occurred_at
        # What the field saw hours ago without a network reaches the city now: nobody could accept it before.
        learned = max(at, recorded.recorded_at)
        match event:
            case report.ReportSubmitted(issue_type=issue_type, urgency=urgency):
                self.about = replace(self.about, issue_type=issue_type, urgency=urgency, area=recorded.area)
                yield self._begin(recorded, Stage.ACCEPT, at=learned)
            case report.ReportAppealed() | report.ReportUnmerged():
                yield self._begin(recorded, Stage.ACCEPT)
            case report.ReportVerificationRequested():
                yield _end(at, Stage.ACCEPT)
                yield self._begin(recorded, Stage.VERIFY)
            case report.ReportVerified():
                self.is_verified = True
                yield _end(at, Stage.VERIFY)
                yield self._begin(recorded, Stage.FILE)
            case report.ReportAccepted() | report.ReportSelfHandled():
                self.about = replace(self.about, issue_type=event.issue_type, urgency=event.urgency, area=recorded.area)
                known = learned if isinstance(event, report.ReportSelfHandled) else at
                yield End(at=known, fulfilled=True, stages=frozenset({Stage.ACCEPT, Stage.VERIFY}))
                if not self.is_verified:
                    yield self._begin(recorded, Stage.FILE, at=known)
            case report.ReportRejected() | report.ReportMerged():
                yield End(at=at, fulfilled=True, stages=frozenset({Stage.ACCEPT, Stage.FILE}))
                yield _end(at, Stage.VERIFY, fulfilled=False)
            case _:
                pass

    # --- the case -----------------------------------------------------------------------------------------------

    def _case(self, recorded: Recorded[Any]) -> Iterator[Movement]:  # noqa: C901, PLR0915  # one branch per event
        event, at = recorded.event, recorded.occurred_at
        match event:
            case case.CaseFiled() | case.CaseSelfHandled():
                self.about = About(
                    issue_type=event.issue_type,
                    urgency=event.urgency,
                    loop=event.loop,
                    area=recorded.area,
                    edition=event.edition,
                )
                yield End(at=at, fulfilled=True, stages=BEFORE_FILING)
                if isinstance(event, case.CaseFiled):
                    yield self._begin(recorded, Stage.DISPATCH)
            case case.CaseDispatched():
                yield from self._given_away(
                    recorded, event.department, Given(event.due_at, event.limit, event.due_because)
                )
            case case.CaseLevelRaised(to_loop=loop) | case.CaseLevelLowered(to_loop=loop):
                yield from self._taken_back(at)
                self.about = replace(self.about, loop=loop)
                yield _end(at, Stage.DISPATCH, fulfilled=False)
                yield self._begin(recorded, Stage.DISPATCH)
            case case.CaseUnmerged():
                yield self._begin(recorded, Stage.DISPATCH)
            case case.CaseReopened():
                yield End(at=at, fulfilled=False, stages=ALL)
                yield self._begin(recorded, Stage.DISPATCH)
            case case.CaseMerged() | case.CaseRejected() | case.CaseArchived():
                yield End(at=at, fulfilled=False, stages=ALL)
            case case.CaseTransferredOut(receipt_due_at=due_at):
                yield _end(at, Stage.DISPATCH)
                yield from self._taken_back(at)
                yield self._begin(recorded, Stage.RECEIPT, given=None if due_at is None else Given(due_at))
            case case.TransferReceipted():
                yield _end(at, Stage.RECEIPT)
            case case.CaseSuspended(reason=reason, review_on=review_on):
                yield Hold(cause=recorded.event_id, at=at, because=reason)
                yield self._begin(recorded, Stage.REVIEW, review_on=review_on)
            case case.CaseResumed(due=due):
                yield _end(at, Stage.REVIEW)
                yield Release(cause=recorded.event_id, at=at, due=due)
            case _:
                yield from self._ending(recorded)

    def _ending(self, recorded: Recorded[Any]) -> Iterator[Movement]:
        event, at = recorded.event, recorded.occurred_at
        match event:
            case task.CaseOffered():
                yield from self._given_away(recorded, None, Given(event.due_at, None, event.due_because))
            case case.CaseDispatchRecalled():
                yield from self._taken_back(at)
                yield self._begin(recorded, Stage.DISPATCH, goes_on=True)
            case case.CaseSentToCheck():
                yield self._begin(recorded, Stage.CHECK)
            case case.CaseClearedToClose() | case.CaseCheckWaived():
                yield _end(at, Stage.CHECK)
                yield self._begin(recorded, Stage.REPLY)
            case case.CaseReworkOrdered(task_ids=task_ids):
                yield _end(at, Stage.CHECK)
                for task_id in task_ids or tuple(self.tasks):
                    department = self.tasks.get(task_id)
                    yield self._begin(recorded, Stage.SIGN, task_id=task_id, department=department)
                    yield self._begin(recorded, Stage.HANDLE, task_id=task_id, department=department, goes_on=True)
            case case.CaseClosed():
                yield End(at=at, fulfilled=True, stages=frozenset({Stage.CHECK, Stage.REPLY}))
                yield from self._taken_back(at)
            case _:
                pass

    def _given_away(self, recorded: Recorded[Any], department: str | None, given: Given) -> Iterator[Movement]:
        at, task_id = recorded.occurred_at, recorded.event.task_id
        yield _end(at, Stage.DISPATCH)
        yield from self._taken_back(at)
        self.tasks = {task_id: department}
        yield from self._task(recorded, task_id, department, given, has_conditions=True)

    def _taken_back(self, at: datetime) -> Iterator[Movement]:
        """No department has the case any more."""
        self.tasks = {}
        yield End(at=at, fulfilled=False, stages=TASK | {Stage.DISPUTE, Stage.REVIEW})

    def _task(
        self,
        recorded: Recorded[Any],
        task_id: UUID,
        department: str | None,
        given: Given,
        *,
        has_conditions: bool = False,
    ) -> Iterator[Movement]:
        yield self._begin(recorded, Stage.SIGN, task_id=task_id, department=department)
        yield self._begin(
            recorded, Stage.HANDLE, task_id=task_id, department=department, given=given, has_conditions=has_conditions
        )

    # --- the work -----------------------------------------------------------------------------------------------

    def _work(self, recorded: Recorded[Any]) -> Iterator[Movement]:  # noqa: C901  # one branch per event
        event, at = recorded.event, recorded.occurred_at
        match event:
            case task.TaskAdded(task_id=task_id, department=department):
                self.tasks = {**self.tasks, task_id: department}
                given = Given(event.due_at, event.limit, event.due_because)
                yield from self._task(recorded, task_id, department, given)
            case case.TaskSigned(task_id=task_id) | task.TaskClaimed(task_id=task_id):
                yield _end(at, Stage.SIGN, task_id=task_id)
            case task.TaskClaimReleased(task_id=task_id) | task.TaskClaimExpired(task_id=task_id):
                yield self._begin(recorded, Stage.SIGN, task_id=task_id)
            case case.TaskResponded(task_id=task_id):
                yield End(at=at, fulfilled=True, stages=TASK, task_id=task_id)
                yield _end(at, Stage.RECEIPT)
            case task.TaskPartResponded(task_id=task_id):
                yield End(at=at, fulfilled=True, stages=TASK, task_id=task_id)
            case task.TaskWithdrawn(task_id=task_id):
                self.tasks = {found: whose for found, whose in self.tasks.items() if found != task_id}
                yield End(at=at, fulfilled=False, stages=TASK, task_id=task_id)
            case task.TaskStageCompleted(task_id=task_id, stage=stage):
                yield End(at=at, fulfilled=True, stages=frozenset({Stage.HANDLE}), task_id=task_id, condition=stage)
            case case.TaskReturned():
                yield from self._taken_back(at)
                yield self._begin(recorded, Stage.DISPATCH)
            case _:
                yield from self._asked(recorded)

    def _asked(self, recorded: Recorded[Any]) -> Iterator[Movement]:
        event, at, cause = recorded.event, recorded.occurred_at, recorded.event_id
        match event:
            case task.ExtensionApproved(task_id=task_id, due_at=due_at, due_because=because):
                yield Extend(cause=cause, at=at, task_id=task_id, due_at=due_at, because=because)
            case task.DisputeOpened(due_at=due_at, due_because=because):
                yield self._begin(recorded, Stage.DISPUTE, given=Given(due_at, None, because))
            case task.DisputeAdjudicated():
                yield _end(at, Stage.DISPUTE)
            case case.WhistleBlown(departments=departments, due_at=due_at, due_because=because):
                for code in departments:
                    yield self._begin(recorded, Stage.WHISTLE, department=code, given=Given(due_at, None, because))
            case case.WhistleAnswered(department=department):
                yield End(at=at, fulfilled=True, stages=frozenset({Stage.WHISTLE}), department=department)
            case _:
                pass

    # --- after the work -----------------------------------------------------------------------------------------

    def _after(self, recorded: Recorded[Any]) -> Iterator[Movement]:
        event, at = recorded.event, recorded.occurred_at
        match event:
            case check.CheckPassed() | check.CheckFailed():
                yield _end(at, Stage.CHECK)
            case feedback.FeedbackInvited(expires_at=expires_at):
                yield self._begin(recorded, Stage.FEEDBACK, given=Given(expires_at))
            case feedback.FeedbackRecorded():
                yield _end(at, Stage.FEEDBACK)
            case _:
                pass

    def _begin(self, recorded: Recorded[Any], stage: Stage, *, at: datetime | None = None, **more: Any) -> Begin:
        return Begin(cause=recorded.event_id, at=at or recorded.occurred_at, stage=stage, about=self.about, **more)


def _end(at: datetime, stage: Stage, *, fulfilled: bool = True, task_id: UUID | None = None) -> End:
    return End(at=at, fulfilled=fulfilled, stages=frozenset({stage}), task_id=task_id)
