"""One case: what it is, with its tasks and whatever is asked for on the way. What each event makes of it: evolve.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts.case import (
    CaseFiled,
    CaseSelfHandled,
    CaseSuspended,
    CaseTransferredOut,
    Loop,
    ProblemKind,
    ReturnKind,
    WhistleBlown,
)
from shared.contracts.shapes import Limit
from shared.contracts.task import (
    DisputeOpened,
    ExtensionRequested,
    Joined,
    ReturnRequested,
    SuspensionRequested,
)
from shared.kernel.case_states import State

VOLUNTEERS = "volunteers"
"""What stands where a department's code would, for a task in the open pool: whoever claims it has it."""

Request = ReturnRequested | ExtensionRequested | SuspensionRequested
"""What a department asked for, and nobody has decided yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A volunteer has the task, until an instant."""

    claim_id: UUID
    claimed_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one department is asked to do, until when, and how far it has come."""

    task_id: UUID
    department: str
    joined: Joined | None = None
    """How it came to the case beside the lead's; None for the lead's own task."""
    what: str = ""
    mandatory: bool = True
    co_handlers: tuple[str, ...] = ()
    """Of the lead's task: the departments that were named along with it."""
    rule: str | None = None
    because: str = ""
    limit: Limit | None
    due_at: datetime | None
    due_because: str
    claim_hours: int | None = None
    """Of a task in the open pool: how long somebody who claims it has."""
    claim: Claim | None = None
    is_signed: bool = False
    is_started: bool = False
    stages: tuple[str, ...] = ()
    """The stages with limits of their own that are done, in order."""
    extensions: int = 0
    answer: str | None = None
    evidence: tuple[str, ...] = ()
    on_time: bool | None = None

    @property
    def is_lead(self) -> bool:
        return self.joined is None

    @property
    def is_answered(self) -> bool:
        return self.answer is not None

    @property
    def is_awaited(self) -> bool:
        """Whether the case cannot go on before it is answered."""
        return self.mandatory and not self.is_answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Whistle:
    """A community summoned departments; some have answered."""

    blown: WhistleBlown
    answered: frozenset[str] = frozenset()

    @property
    def awaited(self) -> tuple[str, ...]:
        return tuple(code for code in self.blown.departments if code not in self.answered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What has become of a case. Counters count from 1 at the first time."""

    filed: CaseFiled | CaseSelfHandled
    state: State
    loop: Loop
    """Which tier owns it now: it started at `filed.loop`."""
    sponsor: str | None = None
    """The community that sent it up, and follows it to the end."""
    tasks: Mapping[UUID, Task] = field(default_factory=dict)
    """The tasks in hand, or the last ones, the lead's first; empty while no department has the case."""
    requests: Mapping[UUID, Request] = field(default_factory=dict)
    """Asked for and not decided yet, by request id."""
    handlers: frozenset[str] = frozenset()
    """Every department that ever had a task of the case."""
    informed: frozenset[str] = frozenset()
    """Departments that were told of it, and may look."""
    believed_responsible: str | None = None
    """Whom the last department that gave it back named."""
    returned_as: ReturnKind | None = None
    """How the last return was approved; None once it is dispatched again."""
    dispatches: int = 0
    """How often it was given away, to a department or to the pool: each time with tasks of their own."""
    round_dispatches: int = 0
    """How often it was given to a department since it was filed, or since it was last reopened."""
    before: Case | None = None
    """As it stood before it was given to the department that has it: what it is again when that is taken back."""
    added: int = 0
    """How many tasks were ever added beside a lead's."""
    splits: int = 0
    wrong_returns: int = 0
    """Returns as somebody else's in this round that were approved."""
    dispute: DisputeOpened | None = None
    disputes: int = 0
    adjudicated: str | None = None
    """The department that a dispute was decided for: it has the case next, and may not give it back as not its own."""
    whistles: Mapping[UUID, Whistle] = field(default_factory=dict)
    suspension: CaseSuspended | None = None
    transfer: CaseTransferredOut | None = None
    """The last transfer out of the district."""
    transfers_out: int = 0
    receipt: str | None = None
    """The number under which the other side has it."""
    merged_into: UUID | None = None
    checks: int = 0
    """Checks asked for, or waived."""
    checks_heard: frozenset[UUID] = frozenset()
    """Checks whose result was taken in: the same result again changes nothing."""
    is_cleared: bool = False
    """The last check was passed, and nothing has happened since that would need another."""
    is_waived: bool = False
    """The sample did not choose it: it may be closed without a check."""
    reworks: int = 0
    problem: ProblemKind | None = None
    supervised_by: Loop | None = None
    """Of a problem case: the loop whose chief alone may close it."""
    requested: int = 0
    """How many requests were ever made."""
    closings: int = 0

    @property
    def case_id(self) -> UUID:
        return self.filed.case_id

    @property
    def task(self) -> Task | None:
        """The lead's task, or the one in the open pool."""
        return next((task for task in self.tasks.values() if task.is_lead), None)

    @property
    def department(self) -> str | None:
        """Who has it in hand now."""
        return None if self.task is None else self.task.department

    @property
    def transfers(self) -> int:
        """How often it went from one department to another in this round."""
        return max(self.round_dispatches - 1, 0)

    def tasks_of(self, department: str | None) -> tuple[Task, ...]:
        """The department's tasks of this case, the lead's first."""
        return tuple(task for task in self.tasks.values() if task.department == department)

    def awaited(self, without: Iterable[UUID] = ()) -> tuple[Task, ...]:
        """The mandatory tasks that are still to be answered, those named left aside."""
        aside = frozenset(without)
        return tuple(task for task in self.tasks.values() if task.is_awaited and task.task_id not in aside)

    def asked(self, task_id: UUID | None, kind: type[Request]) -> Request | None:
        """The undecided request of that kind about the task; a suspension is about the whole case."""
        return next(
            (
                found
                for found in self.requests.values()
                if isinstance(found, kind) and (task_id is None or getattr(found, "task_id", None) == task_id)
            ),
            None,
        )
