"""Whole lives of cases, from the first report to the last answer: made-up input for projections, tests and benchmarks.

The same seed gives the same lives. Events come as `Recorded` in the order in which they would be recorded, many cases
at once, so that the events of one case are far apart in the log.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from shared.contracts import case, catalogue, check, feedback, report
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.kernel.area import Area
from shared.kernel.ids import derived_id

catalogue.load()
START = datetime(2026, 1, 1, tzinfo=UTC)
DEPARTMENTS = ("sanitation", "urban", "water", "power", "heating", "housing", "transport", "police")
ISSUE_TYPES = tuple(f"E-{group:02d}-{kind:02d}" for group in range(1, 7) for kind in range(1, 6))


@dataclass(frozen=True)
class City:
    """How many areas of each tier there are: the default has the size of Panlong's tree."""

    streets: int = 12
    communities: int = 9
    groups: int = 5
    buildings: int = 2

    def anywhere(self, random: Random) -> Area:
        """One of its buildings."""
        return Area(
            f"530103.{1 + random.randrange(self.streets):03d}.{1 + random.randrange(self.communities):03d}"
            f".{1 + random.randrange(self.groups):03d}.{1 + random.randrange(self.buildings):05d}"
        )


def lives(cases: int, seed: int = 5, city: City | None = None, days: float = 300) -> Iterator[Recorded[Any]]:
    """The events of so many cases in order of time, with dense positions from 1; the cases begin over so many days."""
    random = Random(seed)
    city = city or City()
    waiting: list[tuple[datetime, int, Recorded[Any], Iterator[Recorded[Any]]]] = []
    starts = sorted(random.random() * days for _ in range(cases))
    position = 0
    for number, start in enumerate(starts):
        life = one_life(number, START + timedelta(days=start), city.anywhere(random), Random(f"{seed}:{number}"))
        first = next(life)
        while waiting and waiting[0][0] <= first.occurred_at:
            _, tie, event, rest = heapq.heappop(waiting)
            position += 1
            yield replace(event, position=position)
            if (following := next(rest, None)) is not None:
                heapq.heappush(waiting, (following.occurred_at, tie, following, rest))
        heapq.heappush(waiting, (first.occurred_at, number, first, life))
    while waiting:
        _, tie, event, rest = heapq.heappop(waiting)
        position += 1
        yield replace(event, position=position)
        if (following := next(rest, None)) is not None:
            heapq.heappush(waiting, (following.occurred_at, tie, following, rest))


def one_life(number: int, at: datetime, area: Area, random: Random) -> Iterator[Recorded[Any]]:
    """One case's events; most go the whole way, some are refused, sent back, left open, or come back."""
    life = _Life(derived_id("life", number), f"20260101530103{number:06d}", at, area, random)
    yield from life.events()


@dataclass
class _Life:
    case_id: UUID
    number: str
    at: datetime
    area: Area
    random: Random

    def __post_init__(self) -> None:
        self.versions: dict[str, int] = {}
        self.issue_type = self.random.choice(ISSUE_TYPES)
        self.source = self.random.choice(list(report.Source))
        self.department = self.random.choice(DEPARTMENTS)
        self.reported_at = self.at
        self.due_at: datetime | None = None

    def events(self) -> Iterator[Recorded[Any]]:
        told: dict[str, Any] = {
            "number": self.number,
            "source": self.source,
            "subject_id": None,
            "issue_type": self.issue_type,
            "urgency": report.Urgency.NORMAL,
            "title": f"第 {self.number[-6:]} 号诉求",
            "words": "门口的路灯坏了一个星期，晚上出行不安全，请尽快派人来修。",
            "place": "文艺路 12 号",
            "point": None,
        }
        yield self._of("report", report.ReportSubmitted(report_id=self.case_id, external_number=None, **told))
        if self.random.random() < 0.05:
            yield self._of(
                "report", report.ReportRejected(report_id=self.case_id, reason_code="outside", reason="不属本区"), 2
            )
            return
        yield self._of("report", report.ReportAccepted(report_id=self.case_id, reported_at=self.reported_at, **told), 1)
        loop = self.random.choice(list(case.Loop))
        yield self._of("case", case.CaseFiled(case_id=self.case_id, loop=loop, reported_at=self.reported_at, **told))
        attempt = 1
        while True:
            yield from self._handled(attempt)
            if self.random.random() < 0.1:
                return  # nobody has answered yet
            yield from self._checked(attempt)
            yield self._of("case", case.CaseClosed(case_id=self.case_id, answer="已修复", attempt=attempt), 2)
            if self.random.random() < 0.4:
                yield self._answered(attempt)
            if self.random.random() > 0.05:
                break
            yield self._of("case", case.CaseReopened(case_id=self.case_id, reason="又坏了"), 5)
            attempt += 1
        if self.random.random() < 0.7:
            yield self._of("case", case.CaseArchived(case_id=self.case_id), 100)

    def _handled(self, attempt: int) -> Iterator[Recorded[Any]]:
        while True:
            self.due_at = (
                None if self.random.random() < 0.2 else self.at + timedelta(hours=self.random.choice((4, 24, 80)))
            )
            task_id = derived_id(self.case_id, "task", attempt)
            yield self._of(
                "case",
                case.CaseDispatched(
                    case_id=self.case_id,
                    task_id=task_id,
                    department=self.department,
                    co_handlers=(),
                    rule="E@530103",
                    because="路灯由供电负责",
                    limit=None,
                    due_at=self.due_at,
                    due_because="24 小时",
                    attempt=attempt,
                ),
            )
            told: dict[str, Any] = {"case_id": self.case_id, "task_id": task_id, "department": self.department}
            if self.random.random() > 0.1:
                break
            kind = case.ReturnKind.WRONG_DEPARTMENT
            yield self._of(
                "case", case.TaskReturned(kind=kind, reason="不是我们的", believed_responsible=None, **told), 4
            )
            self.department = self.random.choice(DEPARTMENTS)
        yield self._of("case", case.TaskSigned(**told), 3)

    def _checked(self, attempt: int) -> Iterator[Recorded[Any]]:
        reworks = 0
        while True:
            told: dict[str, Any] = {"case_id": self.case_id, "task_id": derived_id(self.case_id, "task", attempt)}
            hours = self.random.lognormvariate(3, 1)
            yield self._of(
                "case",
                case.TaskResponded(department=self.department, answer="已更换", evidence=(), on_time=None, **told),
                hours,
            )
            number = attempt * 10 + reworks
            yield self._of(
                "case", case.CaseSentToCheck(case_id=self.case_id, department=self.department, attempt=number)
            )
            check_id = derived_id("check", self.case_id, number)
            asked = check.CheckRequested(
                check_id=check_id, case_id=self.case_id, department=self.department, attempt=number
            )
            yield self._of("check", asked, key=check_id)
            if self.random.random() > 0.1:
                passed = check.CheckPassed(check_id=check_id, case_id=self.case_id, findings="亮了")
                yield self._of("check", passed, 10, key=check_id)
                yield self._of("case", case.CaseClearedToClose(case_id=self.case_id, check_id=check_id))
                return
            reworks += 1
            failed = check.CheckFailed(check_id=check_id, case_id=self.case_id, findings="没亮")
            yield self._of("check", failed, 10, key=check_id)
            ordered = case.CaseReworkOrdered(case_id=self.case_id, check_id=check_id, reason="没亮", rework=reworks)
            yield self._of("case", ordered)

    def _answered(self, attempt: int) -> Recorded[Any]:
        feedback_id = derived_id("feedback", self.case_id, attempt)
        answer = feedback.FeedbackRecorded(
            feedback_id=feedback_id,
            case_id=self.case_id,
            resolved=self.random.random() < 0.9,
            satisfaction=self.random.choice(list(feedback.Satisfaction)),
            words="谢谢",
            wants_reopening=False,
        )
        return self._of("feedback", answer, 20, key=feedback_id)

    def _of(self, category: str, event: object, hours: float = 0.01, key: UUID | None = None) -> Recorded[Any]:
        """The event, up to twice so many hours after the one before it."""
        self.at += timedelta(hours=hours * (0.1 + 1.9 * self.random.random()), microseconds=1)
        stream = f"{category}-{key or self.case_id}"
        version = self.versions[stream] = self.versions.get(stream, 0) + 1
        return Recorded(
            event=event,
            event_id=derived_id(stream, version),
            stream=stream,
            version=version,
            position=None,
            type=catalogue.OF_SHAPE[type(event)].name,
            area=self.area,
            actor=Actor.service(catalogue.OWNERS[category]),
            correlation_id=self.case_id,
            causation_id=None,
            origin=Origin.LIVE,
            occurred_at=self.at,
            recorded_at=self.at,
        )
