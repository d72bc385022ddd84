"""One row per issue: what each event changes in it. Total, like every evolve: history is never refused."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from shared.contracts import case, clock, feedback, report, task
from shared.contracts.envelope import Recorded
from shared.kernel.case_states import LANDINGS, STATES, State

ARRIVES: dict[str, str] = {event: state.value for event, state in LANDINGS.items()}
"""Event type → the state it leads to. Every event leads to one state only, or says itself where the issue stands again:
so the row needs no table of moves."""


@dataclass(slots=True)
class CaseRow:
    """A row of `cases`, in the order of its columns."""

    case_id: str
    number: str | None
    area: str
    state: str
    step: str
    source: str | None
    issue_type: str | None
    urgency: str | None
    loop: str | None
    title: str | None
    department: str | None
    task_id: str | None
    """The lead's task: its due instant is the case's."""
    reported_at: datetime
    filed_at: datetime | None
    dispatched_at: datetime | None
    due_at: datetime | None
    handled_at: datetime | None
    closed_at: datetime | None
    on_time: bool | None
    attempt: int
    """Counts the rounds from filing on: a reopened case is in its second."""
    reworks: int
    on_the_spot: bool
    """Put right by whoever found it."""
    problem: bool
    """Sent back or passed on too often: a tier above watches over it."""
    satisfaction: str | None
    resolved: bool | None
    is_open: bool
    awaited: bool
    """Due at an instant, and not handled yet: the row is overdue once the instant has passed."""
    step_since: datetime
    in_report: int | None
    """Seconds that it has spent in the step altogether, from entering to leaving; None before it first left it."""
    in_dispatch: int | None
    in_handle: int | None
    in_check: int | None
    first_position: int
    position: int


COLUMNS = tuple(found.name for found in fields(CaseRow))
_STEPS = {state.value: row.step.value for state, row in STATES.items()}
TIMED = ("report", "dispatch", "handle", "check")
"""The steps that a case leaves again, with the time that it takes."""
_OPEN = {state.value: state.is_open for state in State}
# The clock stands still for a suspended case, and there is none for one that never became ours.
_UNCLOCKED = frozenset({State.SUSPENDED.value, State.REJECTED.value, State.MERGED.value})


@dataclass(slots=True)
class Book:
    """The rows that a batch touches, by case id."""

    rows: dict[str, CaseRow] = field(default_factory=dict)

    def take(self, recorded: Recorded[Any]) -> CaseRow | None:
        """Change the row of the issue that the event is about, and answer it; None for an event at or below the row's
        position, which is old news."""
        case_id = str(recorded.correlation_id)
        row = self.rows.get(case_id)
        if row is None:
            row = self.rows[case_id] = _blank(case_id, recorded)
        elif row.position >= (recorded.position or 0):
            return None
        row.position = recorded.position or 0
        change = CHANGES.get(recorded.type)
        if change is not None:
            change(row, recorded.event, recorded)
        state = ARRIVES.get(recorded.type)
        if state is not None:
            row.state = state = str(getattr(recorded.event, "back_to", state))
            _enter(row, _STEPS[state], recorded.occurred_at)
            row.area = recorded.area.path
            row.is_open = _OPEN[state]
        row.awaited = row.due_at is not None and row.handled_at is None and is_clocked(row) and row.is_open
        return row


def _enter(row: CaseRow, step: str, at: datetime) -> None:
    """Another step begins: what was spent in the one that it leaves is added up."""
    if step == row.step:
        return
    if row.step in TIMED:
        spent = max(0, round((at - row.step_since).total_seconds()))
        setattr(row, f"in_{row.step}", (getattr(row, f"in_{row.step}") or 0) + spent)
    row.step, row.step_since = step, at


def is_clocked(row: CaseRow) -> bool:
    """Whether the row counts among those that have a limit."""
    return row.due_at is not None and row.state not in _UNCLOCKED


def _blank(case_id: str, recorded: Recorded[Any]) -> CaseRow:
    """A row for the first event that is heard of an issue, whichever it is."""
    row = CaseRow(**dict.fromkeys(COLUMNS))  # type: ignore[arg-type]  # the rest is filled in below
    row.case_id, row.area, row.reported_at = case_id, recorded.area.path, recorded.occurred_at
    row.state, row.step, row.is_open, row.awaited = State.REPORTED, _STEPS[State.REPORTED], True, False
    row.step_since, row.first_position = recorded.occurred_at, recorded.position or 0
    row.attempt, row.reworks, row.position = 1, 0, 0
    row.on_the_spot = row.problem = False
    return row


# --- what each event changes, besides state and area ------------------------------------------------------------


def _submitted(row: CaseRow, event: report.ReportSubmitted, recorded: Recorded[Any]) -> None:
    row.number, row.source, row.issue_type = event.number, event.source.value, event.issue_type
    row.urgency, row.title, row.reported_at = event.urgency.value, event.title, recorded.occurred_at


def _accepted(row: CaseRow, event: report.ReportAccepted, _: Recorded[Any]) -> None:
    row.number, row.source, row.issue_type = event.number, event.source.value, event.issue_type
    row.urgency, row.title, row.reported_at = event.urgency.value, event.title, event.reported_at


def _filed(row: CaseRow, event: case.CaseFiled, recorded: Recorded[Any]) -> None:
    row.number, row.source, row.issue_type = event.number, event.source.value, event.issue_type
    row.urgency, row.title, row.reported_at = event.urgency.value, event.title, event.reported_at
    row.loop, row.filed_at = event.loop.value, recorded.occurred_at


def _self_handled(row: CaseRow, event: case.CaseSelfHandled, recorded: Recorded[Any]) -> None:
    row.number, row.source, row.issue_type = event.number, event.source.value, event.issue_type
    row.urgency, row.title, row.reported_at = event.urgency.value, event.title, event.reported_at
    row.loop, row.filed_at, row.on_the_spot = event.loop.value, recorded.occurred_at, True
    _handled(row, event, recorded)


def _dispatched(row: CaseRow, event: case.CaseDispatched, recorded: Recorded[Any]) -> None:
    row.department, row.due_at, row.dispatched_at = event.department, event.due_at, recorded.occurred_at
    row.task_id, row.handled_at, row.on_time = str(event.task_id), None, None


def _recalled(row: CaseRow, event: case.CaseDispatchRecalled, _: Recorded[Any]) -> None:
    # As if it had not been dispatched.
    row.department = row.task_id = row.due_at = row.dispatched_at = None
    row.problem = row.problem and not event.was_problem


def _offered(row: CaseRow, event: task.CaseOffered, recorded: Recorded[Any]) -> None:
    row.department, row.due_at, row.dispatched_at = None, event.due_at, recorded.occurred_at
    row.task_id, row.handled_at, row.on_time = str(event.task_id), None, None


def _returned(row: CaseRow, _event: case.TaskReturned, _: Recorded[Any]) -> None:
    row.department = None


def _extended(row: CaseRow, event: task.ExtensionApproved, _: Recorded[Any]) -> None:
    if str(event.task_id) == row.task_id:
        row.due_at = event.due_at


def _counted_anew(row: CaseRow, event: clock.ClockRecomputed, _: Recorded[Any]) -> None:
    # Another calendar, or an emergency: the limit of the task as a whole, not of a stage on its way.
    if event.stage is clock.Stage.HANDLE and event.condition is None and str(event.task_id) == row.task_id:
        row.due_at = event.due_at


def _resumed(row: CaseRow, event: case.CaseResumed, _: Recorded[Any]) -> None:
    for new in event.due:
        if str(new.task_id) == row.task_id:
            row.due_at = new.due_at


def _moved(row: CaseRow, event: case.CaseLevelRaised | case.CaseLevelLowered, _: Recorded[Any]) -> None:
    # Tasks in hand end: nobody is responsible, and no limit runs, until it is dispatched again.
    row.loop = event.to_loop.value
    row.department = row.task_id = row.due_at = row.dispatched_at = None


def _transferred(row: CaseRow, _event: case.CaseTransferredOut, _: Recorded[Any]) -> None:
    # It is for somebody outside: no department of ours has it, and none of our limits runs.
    row.department = row.task_id = row.due_at = row.dispatched_at = None


def _problem(row: CaseRow, _event: case.CaseProblemDeclared, _: Recorded[Any]) -> None:
    row.problem = True


def _handled(row: CaseRow, _event: object, recorded: Recorded[Any]) -> None:
    row.handled_at = recorded.occurred_at
    row.on_time = None if row.due_at is None else recorded.occurred_at <= row.due_at


def _rework(row: CaseRow, event: case.CaseReworkOrdered, _: Recorded[Any]) -> None:
    # Its clock runs on as if the department had never answered.
    row.reworks, row.handled_at, row.on_time = event.rework, None, None


def _closed(row: CaseRow, event: case.CaseClosed, recorded: Recorded[Any]) -> None:
    row.closed_at, row.attempt = recorded.occurred_at, event.attempt
    if row.handled_at is None:
        _handled(row, event, recorded)


def _reopened(row: CaseRow, _event: case.CaseReopened, _: Recorded[Any]) -> None:
    # A new round: nobody is responsible, and no limit runs, until it is dispatched again.
    row.attempt += 1
    row.department = row.task_id = row.due_at = row.dispatched_at = None
    row.on_the_spot = False
    row.handled_at = row.closed_at = row.on_time = None


def _answered(row: CaseRow, event: feedback.FeedbackRecorded, _: Recorded[Any]) -> None:
    row.satisfaction, row.resolved = event.satisfaction.value, event.resolved


CHANGES: dict[str, Any] = {
    "report.submitted": _submitted,
    "report.accepted": _accepted,
    "case.filed": _filed,
    "case.self_handled": _self_handled,
    "case.dispatched": _dispatched,
    "case.dispatch_recalled": _recalled,
    "case.offered": _offered,
    "extension.approved": _extended,
    "clock.recomputed": _counted_anew,
    "case.resumed": _resumed,
    "case.level_raised": _moved,
    "case.level_lowered": _moved,
    "case.transferred_out": _transferred,
    "case.problem_declared": _problem,
    "task.returned": _returned,
    "task.responded": _handled,
    "case.rework_ordered": _rework,
    "case.closed": _closed,
    "case.reopened": _reopened,
    "feedback.recorded": _answered,
}
