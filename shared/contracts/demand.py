"""Stream `demand-<id>`, written by dispatch: what a department asks of communities, and what they say to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.admission import DemandKind
from shared.contracts.catalogue import event
from shared.contracts.shapes import Internal


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOf:
    """A community that is asked, and the admission that allows it."""

    community: str
    """Its path."""
    admission_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """One field of a form, filled in."""

    field: str
    text: str
    """What was written; phone and identity numbers are masked."""


@event("demand.made", "demand", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandMade:
    """A department asks communities for something (下派), under an admission in force for each of them."""

    demand_id: UUID
    department: str
    kind: DemandKind
    matter: str
    """What it is about, in a line."""
    what: str
    form: str | None
    """The form that is to be filled in, where one is."""
    fields: tuple[str, ...]
    """The form's fields: the burden that this puts on each community."""
    asked: tuple[AskedOf, ...]
    """The communities that are asked, each with the admission that allows it."""
    due_at: datetime | None


@event("demand.blocked", "demand", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandBlocked:
    """A department wanted to ask what it may not (未准入): nothing reached anybody, and the attempt is on record."""

    demand_id: UUID
    department: str
    kind: DemandKind
    matter: str
    """What it was about, in a line."""
    communities: tuple[str, ...]
    """Paths of all that were to be asked."""
    missing: tuple[str, ...]
    """Paths of those for which no admission is in force."""


@event("demand.answered", "demand", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandAnswered:
    """A community has done what it was asked for (办结)."""

    demand_id: UUID
    community: str
    """Its path."""
    answer: Internal[str | None]
    """What was done; for the department that asked, and nobody else."""
    filled: Internal[tuple[Filled, ...] | None]
    evidence: tuple[str, ...]
    on_time: bool | None
    """Done by the due instant; None when there is none."""


@event("demand.declined", "demand", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandDeclined:
    """A community refuses (社区拒绝): it may, and says why."""

    demand_id: UUID
    community: str
    """Its path."""
    reason: str


@event("demand.withdrawn", "demand", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandWithdrawn:
    """The department wants it no more (撤回): whoever has not answered need not."""

    demand_id: UUID
    reason: str
