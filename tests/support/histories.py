"""Histories of issues, told by hand: every step names its instant, positions count up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.contracts import case as cases
from shared.contracts import clock, feedback, report
from shared.contracts import task as tasks
from shared.contracts.catalogue import OF_SHAPE, OWNERS
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.kernel.area import Area
from shared.kernel.ids import derived_id, new_id
from tests.support.examples import example

BEGIN = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)
"""09:00 in the city, a Wednesday."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Histories:
    """A log that grows by what it is told."""

    area: str = "530103.004.001.002"
    events: list[Recorded[Any]] = field(default_factory=list)
    _versions: dict[str, int] = field(default_factory=dict)

    def tell(self, stream: str, event: Any, at: datetime, area: str | None = None) -> None:
        kind = OF_SHAPE[type(event)]
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        about = getattr(event, "case_id", None) or getattr(event, "report_id", None)
        self.events.append(
            Recorded(
                event=event,
                event_id=new_id(),
                stream=stream,
                version=version,
                position=len(self.events) + 1,
                type=kind.name,
                area=Area(area or self.area),
                actor=Actor(f"{OWNERS[kind.category]}-1", "timer"),
                correlation_id=about or derived_id(stream),
                causation_id=None,
                origin=Origin.LIVE,
                occurred_at=at,
                recorded_at=at,
            )
        )

    def issue(self, name: str, *, area: str | None = None, issue_type: str = "E-01-02") -> Issue:
        return Issue(self, derived_id("issue", name), area or self.area, issue_type)


@dataclass
class Issue:
    """One issue; instants are given as the time since the beginning."""

    log: Histories
    case_id: UUID
    area: str
    issue_type: str
    number: str = "20260506530103000001"
    source: report.Source = report.Source.RESIDENT
    dispatches: int = 0

    def _case(self, event: Any, after: timedelta) -> Issue:
        self.log.tell(f"case-{self.case_id}", event, BEGIN + after, self.area)
        return self

    def _said(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "source": self.source,
            "subject_id": None,
            "issue_type": self.issue_type,
            "urgency": report.Urgency.NORMAL,
            "title": "垃圾",
            "words": "垃圾",
            "place": None,
        }

    def reported(self, after: timedelta = timedelta()) -> Issue:
        event = report.ReportSubmitted(report_id=self.case_id, point=None, external_number=None, **self._said())
        self.log.tell(f"report-{self.case_id}", event, BEGIN + after, self.area)
        return self

    def accepted(self, after: timedelta = timedelta()) -> Issue:
        event = report.ReportAccepted(report_id=self.case_id, point=None, reported_at=BEGIN, **self._said())
        self.log.tell(f"report-{self.case_id}", event, BEGIN + after, self.area)
        return self

    def refused(self, after: timedelta = timedelta()) -> Issue:
        event = report.ReportRejected(report_id=self.case_id, reason_code="other", reason="不属实")
        self.log.tell(f"report-{self.case_id}", event, BEGIN + after, self.area)
        return self

    def filed(self, after: timedelta = timedelta()) -> Issue:
        loop = cases.Loop.DISTRICT
        return self._case(
            cases.CaseFiled(case_id=self.case_id, loop=loop, point=None, reported_at=BEGIN, **self._said()), after
        )

    def dispatched(self, after: timedelta, due: timedelta | None, department: str = "sanitation") -> Issue:
        self.dispatches += 1
        return self._case(
            cases.CaseDispatched(
                case_id=self.case_id,
                task_id=self.task(),
                department=department,
                co_handlers=(),
                rule=None,
                because="",
                limit=None,
                due_at=None if due is None else BEGIN + due,
                due_because="",
                attempt=self.dispatches,
            ),
            after,
        )

    def task(self, department: str | None = None) -> UUID:
        parts = (department,) if department else ()
        return derived_id("task", self.case_id, self.dispatches, *parts)

    def joined(self, after: timedelta, due: timedelta, department: str, *, mandatory: bool = True) -> Issue:
        return self._case(
            tasks.TaskAdded(
                case_id=self.case_id,
                task_id=self.task(department),
                department=department,
                joined=tasks.Joined.CO_HANDLER,
                what="",
                mandatory=mandatory,
                limit=None,
                due_at=BEGIN + due,
                due_because="",
            ),
            after,
        )

    def part_answered(self, after: timedelta, department: str) -> Issue:
        return self._case(
            tasks.TaskPartResponded(
                case_id=self.case_id,
                task_id=self.task(department),
                department=department,
                answer="",
                evidence=(),
                on_time=None,
            ),
            after,
        )

    def answered(self, after: timedelta, department: str = "sanitation") -> Issue:
        return self._case(
            cases.TaskResponded(
                case_id=self.case_id,
                task_id=self.task(),
                department=department,
                answer="",
                evidence=(),
                on_time=None,
            ),
            after,
        )

    def returned(self, after: timedelta, kind: cases.ReturnKind, department: str = "sanitation") -> Issue:
        return self._case(
            cases.TaskReturned(
                case_id=self.case_id,
                task_id=self.task(),
                department=department,
                kind=kind,
                reason="",
                believed_responsible="urban",
            ),
            after,
        )

    def extended(self, after: timedelta, due: timedelta) -> Issue:
        event = tasks.ExtensionApproved(
            case_id=self.case_id,
            task_id=self.task(),
            request_id=new_id(),
            due_at=BEGIN + due,
            due_because="",
            attempt=1,
        )
        return self._case(event, after)

    def suspended(self, after: timedelta) -> Issue:
        event = cases.CaseSuspended(
            case_id=self.case_id, request_id=new_id(), reason="季节", review_on=(BEGIN + 30 * DAY).date()
        )
        return self._case(event, after)

    def resumed(self, after: timedelta, due: timedelta) -> Issue:
        new = cases.NewDue(task_id=self.task(), due_at=BEGIN + due, because="")
        return self._case(cases.CaseResumed(case_id=self.case_id, reason="", due=(new,)), after)

    def sent_back(self, after: timedelta, *task_ids: UUID, rework: int = 1) -> Issue:
        event = cases.CaseReworkOrdered(
            case_id=self.case_id, check_id=new_id(), reason="", rework=rework, task_ids=task_ids
        )
        return self._case(event, after)

    def closed(self, after: timedelta, attempt: int = 1) -> Issue:
        return self._case(cases.CaseClosed(case_id=self.case_id, answer="", attempt=attempt), after)

    def reopened(self, after: timedelta) -> Issue:
        return self._case(cases.CaseReopened(case_id=self.case_id, reason="又来了"), after)

    def voided(self, after: timedelta) -> Issue:
        return self._case(cases.CaseRejected(case_id=self.case_id, reason_code="none", reason=""), after)

    def clock(self, stage: clock.Stage, after: timedelta, due: timedelta) -> UUID:
        clock_id = derived_id("clock", self.case_id, stage.value, after.total_seconds())
        event = replace(
            example(clock.ClockStarted),
            clock_id=clock_id,
            case_id=self.case_id,
            stage=stage,
            task_id=None,
            department=None,
            started_at=BEGIN + after,
            due_at=BEGIN + due,
        )
        self.log.tell(f"clock-{self.case_id}", event, BEGIN + after, self.area)
        return clock_id

    def recounted(self, after: timedelta, due: timedelta) -> Issue:
        """The time for handling is counted over another calendar."""
        event = replace(
            example(clock.ClockRecomputed),
            case_id=self.case_id,
            stage=clock.Stage.HANDLE,
            task_id=self.task(),
            condition=None,
            due_at=BEGIN + due,
        )
        self.log.tell(f"clock-{self.case_id}", event, BEGIN + after, self.area)
        return self

    def stopped(self, clock_id: UUID, after: timedelta, *, on_time: bool, fulfilled: bool = True) -> Issue:
        event = clock.ClockStopped(
            clock_id=clock_id,
            case_id=self.case_id,
            stopped_at=BEGIN + after,
            minutes=1,
            on_time=on_time,
            fulfilled=fulfilled,
        )
        self.log.tell(f"clock-{self.case_id}", event, BEGIN + after, self.area)
        return self

    def rated(self, after: timedelta, satisfaction: feedback.Satisfaction, *, resolved: bool = True) -> Issue:
        question = derived_id("feedback", self.case_id, 1)
        invited = feedback.FeedbackInvited(
            feedback_id=question,
            case_id=self.case_id,
            subject_id=None,
            number=self.number,
            attempt=1,
            expires_at=BEGIN + after + 15 * DAY,
        )
        told = feedback.FeedbackRecorded(
            feedback_id=question,
            case_id=self.case_id,
            resolved=resolved,
            satisfaction=satisfaction,
            words="",
            wants_reopening=False,
        )
        self.log.tell(f"feedback-{question}", invited, BEGIN + after, self.area)
        self.log.tell(f"feedback-{question}", told, BEGIN + after, self.area)
        return self
