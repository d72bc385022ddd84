"""One remedy: its states, who may move it, and what has become of it.

A root cause that comes back is opened again, not opened anew: the measures that did not last are what the next plan has
to start from, and a place counts as one however often it was struck off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.remedy import (
    RemedyCaseLinked,
    RemedyCleared,
    RemedyKind,
    RemedyOpened,
    RemedyPlanned,
    RemedyRectified,
    RemedyReinspectionFailed,
    RemedyReinspectionPassed,
    RemedyRelapsed,
    RemedyWithdrawn,
    Severity,
)

RemedyEvent = (
    RemedyOpened
    | RemedyCaseLinked
    | RemedyPlanned
    | RemedyRectified
    | RemedyReinspectionPassed
    | RemedyReinspectionFailed
    | RemedyCleared
    | RemedyWithdrawn
    | RemedyRelapsed
)


class State(StrEnum):
    """Where a remedy stands."""

    FOUND = "found"
    RECTIFYING = "rectifying"
    RECTIFIED = "rectified"
    PASSED = "passed"
    CLEARED = "cleared"
    WITHDRAWN = "withdrawn"

    @property
    def zh(self) -> str:
        return _NAMES[self][0]

    @property
    def en(self) -> str:
        return _NAMES[self][1]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self not in (State.CLEARED, State.WITHDRAWN)


_NAMES = {
    State.FOUND: ("待定方案", "to be planned"),
    State.RECTIFYING: ("整改中", "being put right"),
    State.RECTIFIED: ("待复查", "to be re-inspected"),
    State.PASSED: ("待销号", "to be struck off"),
    State.CLEARED: ("已销号", "struck off"),
    State.WITHDRAWN: ("已撤销", "withdrawn"),
}
FINAL = frozenset({State.WITHDRAWN})
"""Nothing happens to it any more. What was struck off may come back."""

FINDERS = ("grid_worker", "supervisor", "dispatcher", "department", "duty_chief", "leader")
PLANNERS = ("dispatcher", "department", "duty_chief", "leader")
INSPECTORS = ("grid_worker", "supervisor")
CLEARERS = ("duty_chief", "leader")

_OPEN = tuple(state for state in State if state.is_open)
_NEW: tuple[State, ...] = ()
MOVES: dict[str, tuple[tuple[State, ...], State | None, tuple[str, ...]]] = {
    "remedy.opened": (_NEW, State.FOUND, (*FINDERS, "service")),
    "remedy.case_linked": (_OPEN, None, ("dispatcher", "duty_chief", "leader", "service")),
    "remedy.planned": ((State.FOUND, State.RECTIFYING), State.RECTIFYING, PLANNERS),
    "remedy.rectified": ((State.RECTIFYING,), State.RECTIFIED, ("department",)),
    "remedy.reinspection_passed": ((State.RECTIFIED,), State.PASSED, INSPECTORS),
    "remedy.reinspection_failed": ((State.RECTIFIED, State.PASSED), State.RECTIFYING, INSPECTORS),
    "remedy.cleared": ((State.PASSED,), State.CLEARED, CLEARERS),
    "remedy.withdrawn": ((State.FOUND, State.RECTIFYING), State.WITHDRAWN, CLEARERS),
    "remedy.relapsed": ((State.CLEARED,), State.FOUND, ("service",)),
}
"""Event → where it may happen, where it leads (None: it stays), and who may cause it. The `service` is our own rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What has become of it."""

    opened: RemedyOpened
    state: State = State.FOUND
    case_ids: tuple[UUID, ...] = ()
    plan: RemedyPlanned | None = None
    """The plan that counts; after a relapse none does."""
    plans: int = 0
    rectified: RemedyRectified | None = None
    failures: int = 0
    """How often a re-inspection has failed."""
    relapses: int = 0

    @property
    def remedy_id(self) -> UUID:
        return self.opened.remedy_id

    @property
    def is_root_cause(self) -> bool:
        return self.opened.kind is RemedyKind.ROOT_CAUSE

    @property
    def department(self) -> str | None:
        """Who is responsible now; None before there is a plan."""
        return None if self.plan is None else self.plan.department

    @property
    def clearers(self) -> tuple[str, ...]:
        """Who may strike it off or withdraw it: of what is major only a leader."""
        return ("leader",) if self.opened.severity is Severity.MAJOR else CLEARERS

    def is_overdue(self, at: datetime) -> bool:
        """Whether the department should have been done by now."""
        return self.state is State.RECTIFYING and self.plan is not None and self.plan.due_at <= at


_CHANGES: dict[type, Callable[[Remedy, Any], dict[str, Any]]] = {
    RemedyCaseLinked: lambda remedy, event: {"case_ids": _with(remedy, event.case_id)},
    RemedyPlanned: lambda _, event: {"plan": event, "plans": event.plan},
    RemedyRectified: lambda _, event: {"rectified": event},
    RemedyReinspectionPassed: lambda _, __: {},
    RemedyReinspectionFailed: lambda _, event: {"failures": event.failures},
    RemedyCleared: lambda _, __: {},
    RemedyWithdrawn: lambda _, __: {},
    RemedyRelapsed: lambda remedy, event: {
        "case_ids": _with(remedy, event.case_id),
        "relapses": event.relapses,
        "plan": None,
        "rectified": None,
    },
}
"""What each event changes besides the state."""


def evolve(remedy: Remedy | None, event: RemedyEvent) -> Remedy:
    """The remedy after the event; history is not up for debate."""
    if isinstance(event, RemedyOpened):
        return Remedy(opened=event, case_ids=event.case_ids)
    if remedy is None:
        raise LookupError("a remedy begins with remedy.opened")
    target = MOVES[OF_SHAPE[type(event)].name][1]
    return replace(remedy, state=target or remedy.state, **_CHANGES[type(event)](remedy, event))


def _with(remedy: Remedy, case_id: UUID) -> tuple[UUID, ...]:
    return remedy.case_ids if case_id in remedy.case_ids else (*remedy.case_ids, case_id)
