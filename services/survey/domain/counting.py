"""What the events of an issue do to the rows that are counted. What the denominators mean is pinned here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.survey.domain.counted import COUNTS, DONE, FALLEN, OPEN, Book, Kind, Row
from shared.contracts import case as cases
from shared.contracts import clock as clocks
from shared.contracts import feedback, report
from shared.contracts import task as tasks
from shared.contracts.envelope import Recorded


def take(book: Book, recorded: Recorded[Any]) -> Iterable[Row]:
    """The rows that the event changes, as they are after it."""
    book.changed = {}
    event = recorded.event
    step = _STEPS.get(type(event))
    if step is not None:
        step(book, event, recorded)
        if hasattr(event, "case_id"):
            _set_closing_due(book, event.case_id)
    return tuple(book.changed.values())


# --- reports ----------------------------------------------------------------------------------------------------


def _submitted(book: Book, event: report.ReportSubmitted, recorded: Recorded[Any]) -> None:
    book.put(
        Row(
            kind=Kind.REPORT,
            ref=str(event.report_id),
            case_id=str(event.report_id),
            area=recorded.area.path,
            opened_at=recorded.occurred_at,
            number=event.number,
            issue_type=event.issue_type,
            source=event.source.value,
        )
    )


def _judged(outcome: str) -> Any:
    def judge(book: Book, event: Any, recorded: Recorded[Any]) -> None:
        done = None if outcome == OPEN else recorded.occurred_at
        book.change(Kind.REPORT, event.report_id, outcome=outcome, done_at=done)

    return judge


# --- cases ------------------------------------------------------------------------------------------------------


def _opened(book: Book, event: cases.CaseFiled | cases.CaseSelfHandled, recorded: Recorded[Any]) -> None:
    on_the_spot = isinstance(event, cases.CaseSelfHandled)
    book.put(
        Row(
            kind=Kind.CASE,
            ref=str(event.case_id),
            case_id=str(event.case_id),
            area=recorded.area.path,
            opened_at=recorded.occurred_at,
            number=event.number,
            issue_type=event.issue_type,
            source=event.source.value,
            stage="self_handled" if on_the_spot else None,
        )
    )


def _dispatched(book: Book, event: cases.CaseDispatched, recorded: Recorded[Any]) -> None:
    _new_round(book, event.case_id)
    _add_task(book, event, recorded, department=event.department, stage="lead", is_mandatory=True)


def _recalled(book: Book, event: cases.CaseDispatchRecalled, _: Recorded[Any]) -> None:
    """The dispatch counts for nothing: neither its tasks, nor its round, nor the time that it took to come about."""
    lead = book.get(Kind.TASK, event.task_id)
    _drop_open_tasks(book, event.case_id)
    for row in book.of_case(event.case_id, Kind.TASK):
        if lead is not None and row.round == lead.round:
            book.put(replace(row, outcome=FALLEN, round=0))
    for row in book.of_case(event.case_id, Kind.CLOCK):
        ended_by_it = row.outcome == OPEN or (lead is not None and row.done_at == lead.opened_at)
        if row.stage == clocks.Stage.DISPATCH.value and ended_by_it:
            book.put(replace(row, outcome=FALLEN, on_time=None))
    case = book.get(Kind.CASE, event.case_id)
    if case is not None:
        book.put(replace(case, round=case.round - 1, due_at=None))


def _offered(book: Book, event: tasks.CaseOffered, recorded: Recorded[Any]) -> None:
    _new_round(book, event.case_id)
    _add_task(book, event, recorded, department=None, stage="pool", is_mandatory=True)


def _added(book: Book, event: tasks.TaskAdded, recorded: Recorded[Any]) -> None:
    stage, department = event.joined.value, event.department
    _add_task(book, event, recorded, department=department, stage=stage, is_mandatory=event.mandatory)


def _new_round(book: Book, case_id: UUID) -> None:
    _drop_open_tasks(book, case_id)
    case = book.get(Kind.CASE, case_id)
    if case is not None:
        book.put(replace(case, round=case.round + 1, is_suspended=False, outcome=OPEN, done_at=None, on_time=None))


def _add_task(
    book: Book, event: Any, recorded: Recorded[Any], *, department: str | None, stage: str, is_mandatory: bool
) -> None:
    case = book.get(Kind.CASE, event.case_id)
    book.put(
        Row(
            kind=Kind.TASK,
            ref=str(event.task_id),
            case_id=str(event.case_id),
            area=recorded.area.path,
            opened_at=recorded.occurred_at,
            **_said_of(case),
            department=department,
            stage=stage,
            due_at=event.due_at,
            is_mandatory=is_mandatory,
            round=case.round if case is not None else 1,
        )
    )


def _said_of(case: Row | None) -> dict[str, Any]:
    """What everything that belongs to a case is grouped by."""
    if case is None:
        return {}
    return {"number": case.number, "issue_type": case.issue_type, "source": case.source}


def _drop_open_tasks(book: Book, case_id: UUID) -> None:
    for row in book.of_case(case_id, Kind.TASK):
        if row.outcome == OPEN:
            book.put(replace(row, outcome=FALLEN, is_suspended=False))


def _level_changed(book: Book, event: Any, _: Recorded[Any]) -> None:
    _drop_open_tasks(book, event.case_id)


def _answered(book: Book, event: Any, recorded: Recorded[Any]) -> None:
    row = book.get(Kind.TASK, event.task_id)
    if row is not None:
        on_time = None if row.due_at is None else recorded.occurred_at <= row.due_at
        book.put(replace(row, outcome=DONE, done_at=recorded.occurred_at, on_time=on_time, is_suspended=False))


def _returned(book: Book, event: cases.TaskReturned, recorded: Recorded[Any]) -> None:
    book.change(Kind.TASK, event.task_id, outcome=event.kind.value, done_at=recorded.occurred_at)


def _withdrawn(book: Book, event: tasks.TaskWithdrawn, recorded: Recorded[Any]) -> None:
    book.change(Kind.TASK, event.task_id, outcome=FALLEN, done_at=recorded.occurred_at)


def _extended(book: Book, event: tasks.ExtensionApproved, _: Recorded[Any]) -> None:
    row = book.get(Kind.TASK, event.task_id)
    if row is not None:
        book.put(replace(row, due_at=event.due_at, extensions=row.extensions + 1))


def _suspended(book: Book, event: cases.CaseSuspended, _: Recorded[Any]) -> None:
    for row in book.in_hand(event.case_id):
        if row.outcome == OPEN:
            book.put(replace(row, is_suspended=True))
    book.change(Kind.CASE, event.case_id, is_suspended=True)


def _resumed(book: Book, event: cases.CaseResumed, _: Recorded[Any]) -> None:
    new = {str(due.task_id): due.due_at for due in event.due}
    for row in book.in_hand(event.case_id):
        book.put(replace(row, is_suspended=False, due_at=new.get(row.ref, row.due_at)))
    book.change(Kind.CASE, event.case_id, is_suspended=False)


def _sent_back(book: Book, event: cases.CaseReworkOrdered, _: Recorded[Any]) -> None:
    named = {str(task_id) for task_id in event.task_ids}
    for row in book.in_hand(event.case_id):
        if row.outcome == DONE and (not named or row.ref in named):
            again = replace(row, outcome=OPEN, done_at=None, on_time=None, failed_checks=row.failed_checks + 1)
            book.put(replace(again, is_mandatory=row.is_mandatory or bool(named)))
    case = book.get(Kind.CASE, event.case_id)
    if case is not None:
        book.put(replace(case, failed_checks=case.failed_checks + 1))


def _closed(book: Book, event: cases.CaseClosed, recorded: Recorded[Any]) -> None:
    _set_closing_due(book, event.case_id)
    case = book.get(Kind.CASE, event.case_id)
    if case is not None:
        on_time = None if case.due_at is None else recorded.occurred_at <= case.due_at
        book.put(replace(case, outcome=DONE, done_at=recorded.occurred_at, on_time=on_time))


def _reopened(book: Book, event: cases.CaseReopened, _: Recorded[Any]) -> None:
    book.change(Kind.CASE, event.case_id, outcome=OPEN, done_at=None, on_time=None)


def _ended(outcome: str) -> Any:
    def end(book: Book, event: Any, recorded: Recorded[Any]) -> None:
        _drop_open_tasks(book, event.case_id)
        done = None if outcome == OPEN else recorded.occurred_at
        book.change(Kind.CASE, event.case_id, outcome=outcome, done_at=done, is_suspended=False)

    return end


def _set_closing_due(book: Book, case_id: UUID) -> None:
    """When the case is due to be closed, from its tasks and its check; a closed case keeps what it was judged by."""
    case = book.get(Kind.CASE, case_id)
    if case is None or case.outcome == DONE:
        return
    mandatory = [row for row in book.in_hand(case_id) if row.is_mandatory]
    if not mandatory:
        return
    handling = max((row.due_at for row in mandatory if row.due_at is not None), default=None)
    in_time = all(row.outcome == DONE and row.on_time is not False for row in mandatory)
    check = max(
        (row.due_at for row in book.of_case(case_id, Kind.CLOCK) if _is_running_check(row) and row.due_at is not None),
        default=None,
    )
    by_check = in_time and check is not None and handling is not None
    book.put(replace(case, due_at=check if by_check else handling, due_because_of="check" if by_check else None))


def _is_running_check(row: Row) -> bool:
    return row.stage == clocks.Stage.CHECK.value and row.outcome in COUNTS


# --- clocks and questions ---------------------------------------------------------------------------------------


def _clock_started(book: Book, event: clocks.ClockStarted, recorded: Recorded[Any]) -> None:
    case = book.get(Kind.CASE, event.case_id) or book.get(Kind.REPORT, event.case_id)
    book.put(
        Row(
            kind=Kind.CLOCK,
            ref=str(event.clock_id),
            case_id=str(event.case_id),
            area=recorded.area.path,
            opened_at=event.started_at,
            **_said_of(case),
            department=event.department,
            stage=event.stage.value,
            due_at=event.due_at,
        )
    )


def _clock_moved(book: Book, event: clocks.ClockRecomputed, _: Recorded[Any]) -> None:
    book.change(Kind.CLOCK, event.clock_id, due_at=event.due_at, is_suspended=False)
    if event.stage is not clocks.Stage.HANDLE or event.task_id is None or event.condition is not None:
        return
    # A corrected calendar or an emergency moves the clock alone, and by the clock the department is judged.
    task = book.get(Kind.TASK, event.task_id)
    if task is not None and task.outcome == OPEN:
        book.put(replace(task, due_at=event.due_at))


def _clock_paused(book: Book, event: clocks.ClockPaused, _: Recorded[Any]) -> None:
    book.change(Kind.CLOCK, event.clock_id, is_suspended=True)


def _clock_stopped(book: Book, event: clocks.ClockStopped, _: Recorded[Any]) -> None:
    row = book.get(Kind.CLOCK, event.clock_id)
    if row is not None and row.outcome == FALLEN:
        return  # what ended it was taken back before this was heard of
    outcome = DONE if event.fulfilled else FALLEN
    on_time = event.on_time if event.fulfilled else None
    book.change(Kind.CLOCK, event.clock_id, outcome=outcome, done_at=event.stopped_at, on_time=on_time)


def _asked(book: Book, event: feedback.FeedbackInvited, recorded: Recorded[Any]) -> None:
    case = book.get(Kind.CASE, event.case_id)
    lead = next((row for row in book.in_hand(event.case_id) if row.stage == "lead"), None)
    book.put(
        Row(
            kind=Kind.QUESTION,
            ref=str(event.feedback_id),
            case_id=str(event.case_id),
            area=recorded.area.path,
            opened_at=recorded.occurred_at,
            department=None if lead is None else lead.department,
            **_said_of(case),
        )
    )


def _told(book: Book, event: feedback.FeedbackRecorded, recorded: Recorded[Any]) -> None:
    said, at = event.satisfaction.value, recorded.occurred_at
    book.change(Kind.QUESTION, event.feedback_id, outcome=said, resolved=event.resolved, done_at=at)


_STEPS: dict[type, Any] = {
    report.ReportSubmitted: _submitted,
    report.ReportAccepted: _judged("accepted"),
    report.ReportSelfHandled: _judged("self_handled"),
    report.ReportRejected: _judged("rejected"),
    report.ReportMerged: _judged("merged"),
    report.ReportAppealed: _judged(OPEN),
    report.ReportUnmerged: _judged(OPEN),
    cases.CaseFiled: _opened,
    cases.CaseSelfHandled: _opened,
    cases.CaseDispatched: _dispatched,
    cases.CaseDispatchRecalled: _recalled,
    tasks.CaseOffered: _offered,
    tasks.TaskAdded: _added,
    cases.CaseLevelRaised: _level_changed,
    cases.CaseLevelLowered: _level_changed,
    cases.TaskResponded: _answered,
    tasks.TaskPartResponded: _answered,
    cases.TaskReturned: _returned,
    tasks.TaskWithdrawn: _withdrawn,
    tasks.ExtensionApproved: _extended,
    cases.CaseSuspended: _suspended,
    cases.CaseResumed: _resumed,
    cases.CaseReworkOrdered: _sent_back,
    cases.CaseClosed: _closed,
    cases.CaseReopened: _reopened,
    cases.CaseRejected: _ended("rejected"),
    cases.CaseMerged: _ended("merged"),
    cases.CaseUnmerged: _ended(OPEN),
    cases.CaseTransferredOut: _level_changed,
    clocks.ClockStarted: _clock_started,
    clocks.ClockRecomputed: _clock_moved,
    clocks.ClockPaused: _clock_paused,
    clocks.ClockStopped: _clock_stopped,
    feedback.FeedbackInvited: _asked,
    feedback.FeedbackRecorded: _told,
}

COUNTED: frozenset[type] = frozenset(_STEPS)
"""Every shape that changes a row."""
