"""From one understood row to the events that its history is: the shortest road through the case's states that is true.

- Every row was reported. Rows that the mapping says wait for acceptance stop there.
- Others were accepted and filed, at the moment of the report: the other system knows no other one.
- With a department they were dispatched to it, with their target as the due instant.
- Closed rows go on to closed. The other system says *when*, not how often anybody looked: signing, answering and
  closing therefore share that moment, and there is no check and no feedback that nobody made.
- A row that is closed without a department goes to nobody's desk, and cannot be said to be handled: it is rejected
  unless the mapping names a department for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from deploy.imports.rejects import Reject
from deploy.imports.rows import Issue
from shared.contracts.case import (
    CaseClosed,
    CaseDispatched,
    CaseFiled,
    CaseSentToCheck,
    Loop,
    TaskResponded,
    TaskSigned,
)
from shared.contracts.envelope import Actor, Origin
from shared.contracts.report import ReportAccepted, ReportSubmitted, Urgency
from shared.kernel.ids import derived_id
from shared.ports import Append, Happening

IMPORTER = Actor("importer", "importer")


def appends(issue: Issue, loop: Loop, urgency: Urgency, until: str, source_title: str) -> tuple[Append, ...]:
    """The report's append and, unless it still waits, the case's. Raises Reject for a history that cannot be."""
    subject_id = derived_id("subject", issue.report_id) if issue.is_personal else None
    if issue.closed_at is not None and issue.department is None:
        raise Reject("it is closed, and no department is named that handled it")
    waits = issue.department is None and until == "submitted"
    report = tuple(_report(issue, urgency, subject_id, accepted=not waits))
    if waits:
        return (_append(f"report-{issue.report_id}", issue, report),)
    case = tuple(_case(issue, loop, urgency, subject_id, source_title))
    return _append(f"report-{issue.report_id}", issue, report), _append(f"case-{issue.report_id}", issue, case)


def _append(stream: str, issue: Issue, happenings: tuple[Happening, ...]) -> Append:
    return Append(
        stream=stream,
        expected=0,
        happenings=happenings,
        area=issue.area,
        actor=IMPORTER,
        correlation_id=issue.report_id,
        origin=Origin.IMPORT,
    )


def _report(issue: Issue, urgency: Urgency, subject_id: UUID | None, *, accepted: bool) -> Iterator[Happening]:
    submitted = ReportSubmitted(
        report_id=issue.report_id,
        number=issue.number,
        source=issue.source,
        subject_id=subject_id,
        issue_type=issue.issue_type,
        urgency=urgency,
        title=issue.title,
        words=issue.words,
        place=issue.place,
        point=issue.point,
        external_number=issue.external_number,
    )
    yield Happening(submitted, issue.reported_at)
    if accepted:
        said = ReportAccepted(
            report_id=issue.report_id,
            number=issue.number,
            source=issue.source,
            subject_id=subject_id,
            issue_type=issue.issue_type,
            urgency=urgency,
            title=issue.title,
            words=issue.words,
            place=issue.place,
            point=issue.point,
            reported_at=issue.reported_at,
        )
        yield Happening(said, issue.reported_at)


def _case(
    issue: Issue, loop: Loop, urgency: Urgency, subject_id: UUID | None, source_title: str
) -> Iterator[Happening]:
    case_id, reported = issue.report_id, issue.reported_at
    filed = CaseFiled(
        case_id=case_id,
        number=issue.number,
        source=issue.source,
        subject_id=subject_id,
        issue_type=issue.issue_type,
        urgency=urgency,
        loop=loop,
        title=issue.title,
        words=issue.words,
        place=issue.place,
        point=issue.point,
        reported_at=reported,
    )
    yield Happening(filed, reported)
    if issue.department is None:
        return
    task_id = derived_id("task", case_id, 1)
    dispatched = CaseDispatched(
        case_id=case_id,
        task_id=task_id,
        department=issue.department,
        co_handlers=(),
        rule=None,
        because=f"历史数据导入：{source_title} / imported from {source_title}",
        limit=None,
        due_at=issue.target_at,
        due_because="原系统时限 / target of the other system" if issue.target_at else "原系统无时限 / no target there",
        attempt=1,
    )
    yield Happening(dispatched, reported)
    if issue.closed_at is not None:
        yield from _handled(issue, issue.department, task_id, issue.closed_at)


def _handled(issue: Issue, department: str, task_id: UUID, closed: datetime) -> Iterator[Happening]:
    case_id = issue.report_id
    yield Happening(TaskSigned(case_id=case_id, task_id=task_id, department=department), closed)
    responded = TaskResponded(
        case_id=case_id,
        task_id=task_id,
        department=department,
        answer=issue.answer,
        evidence=(),
        on_time=None if issue.target_at is None else closed <= issue.target_at,
    )
    yield Happening(responded, closed)
    yield Happening(CaseSentToCheck(case_id=case_id, department=department, attempt=1), closed)
    yield Happening(CaseClosed(case_id=case_id, answer=issue.answer, attempt=1), closed)
