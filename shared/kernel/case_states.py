"""The six steps and the case states, with every move between them: one table, and the only one.

States and their Chinese names follow GB/T 30428.8 practice. What happens to a case without moving it (an extension,
a second department that joins, a whistle) is a mark: it has its own table, since it leads nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The six steps of the closed loop 六步闭环."""

    REPORT = "report"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    CHECK = "check"
    CLOSE = "close"
    ASSESS = "assess"

    @property
    def zh(self) -> str:
        return _STEP_NAMES[self]


_STEP_NAMES = {
    Step.REPORT: "采集上报",
    Step.DISPATCH: "指挥派遣",
    Step.HANDLE: "处理反馈",
    Step.CHECK: "任务核查",
    Step.CLOSE: "结案归档",
    Step.ASSESS: "考核评价",
}


class State(StrEnum):
    """Where one case stands."""

    REPORTED = "reported"
    VERIFYING = "verifying"
    SELF_HANDLED = "self_handled"
    REJECTED = "rejected"
    FILED = "filed"
    DISPATCHED = "dispatched"
    RETURNED = "returned"
    HANDLING = "handling"
    SUSPENDED = "suspended"
    RESPONDED = "responded"
    CHECKING = "checking"
    REWORK = "rework"
    CLOSED = "closed"
    REOPENED = "reopened"
    ARCHIVED = "archived"
    MERGED = "merged"
    TRANSFERRED_OUT = "transferred_out"

    @property
    def zh(self) -> str:
        return STATES[self].zh

    @property
    def step(self) -> Step:
        return STATES[self].step

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something: the opposite of settled."""
        return self not in SETTLED


@dataclass(frozen=True, slots=True)
class StateRow:
    """A state's names: its step, what people call it, and the clock that runs while a case is in it."""

    step: Step
    zh: str
    clock: str | None


STATES: dict[State, StateRow] = {
    State.REPORTED: StateRow(Step.REPORT, "已上报", "受理时限"),
    State.VERIFYING: StateRow(Step.REPORT, "核实中", "核实时限"),
    State.SELF_HANDLED: StateRow(Step.HANDLE, "自行处置", None),
    State.REJECTED: StateRow(Step.REPORT, "不予受理", None),
    State.FILED: StateRow(Step.DISPATCH, "已立案", "派遣时限"),
    State.DISPATCHED: StateRow(Step.DISPATCH, "已派遣", "签收时限"),
    State.RETURNED: StateRow(Step.DISPATCH, "回退", "派遣时限"),
    State.HANDLING: StateRow(Step.HANDLE, "处置中", "处置时限"),
    State.SUSPENDED: StateRow(Step.HANDLE, "挂账", None),
    State.RESPONDED: StateRow(Step.HANDLE, "已反馈待核查", "核查时限"),
    State.CHECKING: StateRow(Step.CHECK, "核查中", "核查时限"),
    State.REWORK: StateRow(Step.CHECK, "返工", "处置时限"),
    State.CLOSED: StateRow(Step.CLOSE, "已结案", "回访时限"),
    State.REOPENED: StateRow(Step.DISPATCH, "重办", "派遣时限"),
    State.ARCHIVED: StateRow(Step.CLOSE, "已归档", None),
    State.MERGED: StateRow(Step.REPORT, "并案", None),
    State.TRANSFERRED_OUT: StateRow(Step.HANDLE, "已转外部", "外部回执时限"),
}

SETTLED = frozenset({State.REJECTED, State.CLOSED, State.ARCHIVED, State.MERGED})
FINAL = frozenset({State.ARCHIVED})


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed move: the event that makes it, and the roles that may cause it."""

    source: State | None
    event: str
    target: State
    roles: frozenset[str]


def _moves(sources: str, event: str, target: str, roles: str) -> tuple[Move, ...]:
    allowed = frozenset(roles.split())
    found = (None if name == "new" else State(name) for name in sources.split())
    return tuple(Move(source, event, State(target), allowed) for source in found)


def _marks(sources: str, event: str, roles: str) -> tuple[Move, ...]:
    return tuple(mark for name in sources.split() for mark in _moves(name, event, name, roles))


MOVES: tuple[Move, ...] = (
    *_moves("new", "report.submitted", "reported", "resident grid_worker supervisor hotline window acceptor"),
    *_moves("reported verifying", "report.verification_requested", "verifying", "acceptor"),
    *_moves("verifying", "report.verified", "verifying", "grid_worker supervisor"),
    *_moves("reported verifying", "report.rejected", "rejected", "acceptor"),
    *_moves("rejected", "report.appealed", "reported", "resident acceptor"),
    *_moves("reported verifying", "report.merged", "merged", "acceptor resident"),
    *_moves("merged", "report.unmerged", "reported", "acceptor"),
    *_moves("reported", "case.self_handled", "self_handled", "grid_worker supervisor"),
    *_moves("reported verifying", "case.filed", "filed", "acceptor duty_chief"),
    *_moves("self_handled responded", "case.sent_to_check", "checking", "dispatcher supervisor timer"),
    *_moves("filed returned reopened rework", "case.dispatched", "dispatched", "dispatcher"),
    *_moves("dispatched", "case.dispatch_recalled", "filed", "dispatcher"),
    *_moves("filed returned reopened", "case.offered", "dispatched", "dispatcher"),
    *_moves("filed returned", "case.merged", "merged", "dispatcher"),
    *_moves("merged", "case.unmerged", "filed", "dispatcher"),
    *_moves(
        "filed returned reopened dispatched handling rework", "case.level_raised", "filed", "dispatcher duty_chief"
    ),
    *_moves("filed returned reopened", "case.level_lowered", "filed", "dispatcher duty_chief"),
    *_moves("dispatched rework handling", "task.signed", "handling", "department"),
    *_moves("dispatched rework", "task.claimed", "handling", "volunteer"),
    *_moves("handling", "task.claim_released", "dispatched", "volunteer dispatcher"),
    *_moves("handling", "task.claim_expired", "dispatched", "timer"),
    *_moves("dispatched handling", "task.returned", "returned", "dispatcher duty_chief"),
    *_moves("filed returned", "case.rejected", "rejected", "duty_chief"),
    *_moves("handling", "task.responded", "responded", "department volunteer"),
    *_moves("transferred_out", "task.responded", "responded", "dispatcher duty_chief"),
    *_moves("handling", "case.suspended", "suspended", "duty_chief"),
    *_moves("suspended", "case.resumed", "handling", "duty_chief"),
    *_moves("filed returned handling", "case.transferred_out", "transferred_out", "duty_chief"),
    *_moves("checking", "case.cleared_to_close", "checking", "supervisor"),
    *_moves("checking", "case.rework_ordered", "rework", "supervisor"),
    *_moves("checking self_handled responded", "case.closed", "closed", "duty_chief"),
    *_moves("closed", "case.reopened", "reopened", "resident supervisor duty_chief"),
    *_moves("closed", "case.archived", "archived", "duty_chief"),
)

_AT_WORK = "dispatched handling rework"
_LIVE = "filed returned reopened dispatched handling rework"

MARKS: tuple[Move, ...] = (
    *_marks(_AT_WORK, "task.added", "dispatcher duty_chief"),
    *_marks(_AT_WORK, "case.split", "dispatcher duty_chief"),
    *_marks("dispatched handling", "task.withdrawn", "dispatcher duty_chief"),
    *_marks("handling", "task.started", "department"),
    *_marks("handling", "task.stage_completed", "department"),
    *_marks("handling", "task.part_responded", "department"),
    *_marks("dispatched handling", "return.requested", "department"),
    *_marks("dispatched handling", "return.refused", "dispatcher duty_chief"),
    *_marks("handling rework", "extension.requested", "department"),
    *_marks("handling rework", "extension.approved", "duty_chief leader"),
    *_marks("handling rework", "extension.refused", "duty_chief leader"),
    *_marks("handling", "suspension.requested", "department"),
    *_marks("handling", "suspension.refused", "duty_chief"),
    *_marks("returned", "dispute.opened", "dispatcher department duty_chief"),
    *_marks("returned", "dispute.adjudicated", "leader duty_chief"),
    *_marks(_LIVE, "whistle.blown", "duty_chief dispatcher"),
    *_marks(f"{_LIVE} suspended responded checking", "whistle.answered", "department"),
    *_marks("transferred_out", "transfer.receipted", "dispatcher duty_chief"),
    *_marks("self_handled responded", "case.check_waived", "duty_chief timer"),
    *_marks(f"{_LIVE} checking", "case.problem_declared", "timer duty_chief"),
)
"""What may happen to a case while it stays where it is. `timer` is our own clock, or our own rule, acting."""

_TARGETS = {(move.source, move.event): move.target for move in (*MOVES, *MARKS)}


LANDINGS: dict[str, State] = {move.event: move.target for move in MOVES}
"""Where each event leads. It is the same state from wherever it came (a test holds that), so that a history which
made a move we would refuse today, as an imported one may, still ends where it says it ended."""


BACK: dict[str, frozenset[State]] = {
    "case.dispatch_recalled": frozenset(
        move.source for move in MOVES if move.event == "case.dispatched" and move.source
    )
}
"""Events that undo a move: each says itself, as `back_to`, where the case stood before, and stands again. Where the
table sends them is for one that does not say."""


def landing(event: str, standing: State, back_to: str | None = None) -> State:
    """Where a case stands after the event when it stood there before: history is not up for debate."""
    if back_to is not None and event in BACK:
        return State(back_to)
    return LANDINGS.get(event, standing)


def target(source: State | None, event: str, back_to: str | None = None) -> State | None:
    """Where the event takes a case that stands at the source; None when neither table has it there."""
    found = _TARGETS.get((source, event))
    return found if found is None or back_to is None else landing(event, found, back_to)


def moves_from(source: State) -> tuple[Move, ...]:
    """Every move that leaves the state, and every mark that it may get."""
    return tuple(move for move in (*MOVES, *MARKS) if move.source is source)


def sources(event: str) -> tuple[Move, ...]:
    """Every place where the event may happen, and who may cause it there."""
    return tuple(move for move in (*MOVES, *MARKS) if move.event == event)
