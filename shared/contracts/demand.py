"""Streams `demand-<id>`, written by dispatch: what a department asks of communities, and what they say to it.

One stream for each demand, one for each that reached a community by another way, and one ledger for each district and
month, in which what is asked is booked before it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
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
    """A department wanted to ask what it may not, for want of an admission (未准入) or because it would be too much
    (超出减负上限): nothing reached anybody, and the attempt is on record."""

    demand_id: UUID
    department: str
    kind: DemandKind
    matter: str
    """What it was about, in a line."""
    communities: tuple[str, ...]
    """Paths of all that were to be asked."""
    missing: tuple[str, ...]
    """Paths of those for which no admission is in force."""
    over: tuple[str, ...] = ()
    """Paths of those for which it would be more than their month's cap."""
    fields: int = 0
    """Fields that each of them would have had to fill in."""
    reason: str | None = None
    """What the refusal said, where it was for the cap."""


@event("demand.allowed", "demand", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandAllowed:
    """A leader lets one demand pass the cap (特批), and says why: the department may make it once."""

    demand_id: UUID
    reason: str


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


class Channel(StrEnum):
    """How a demand reached a community outside of the platform."""

    PHONE = "phone"
    WECHAT = "wechat"
    PAPER = "paper"
    MEETING = "meeting"
    OTHER = "other"


class Settled(StrEnum):
    """What became of it: it goes on under an admission, it was stopped, or it was no burden after all."""

    REGULARISED = "regularised"
    STOPPED = "stopped"
    NO_BURDEN = "no_burden"


@event("demand.reported_outside", "demand", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandReportedOutside:
    """A community reports what somebody asked of it by another way (体外下派): it counts like any other demand."""

    demand_id: UUID
    community: str
    """Its path."""
    department: str | None
    """The code of the department that asked, where it is one of ours."""
    asked_by: str
    """Who asked, in the community's words: an office, never a person."""
    channel: Channel
    kind: DemandKind
    what: str
    fields: int
    """Fields that were to be filled in."""
    asked_on: date
    evidence: tuple[str, ...]
    """References to photos: of the paper, of the message."""


@event("demand.outside_settled", "demand", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandOutsideSettled:
    """A leader has decided about what was asked outside of the platform (体外下派处理)."""

    demand_id: UUID
    community: str
    """Its path."""
    outcome: Settled
    admission_id: UUID | None
    """Of what is regularised: the admission under which it goes on."""
    reason: str


@event("burden.reserved", "demand")
@dataclass(frozen=True, slots=True, kw_only=True)
class BurdenReserved:
    """What one demand puts on each community of a district in a month is booked: before it is made, so that two at
    once cannot both have the last place."""

    ledger_id: UUID
    month: str
    """`2026-11`, on the clocks of the city."""
    demand_id: UUID
    communities: tuple[str, ...]
    """Their paths."""
    fields: int
    meetings: int


@event("burden.freed", "demand")
@dataclass(frozen=True, slots=True, kw_only=True)
class BurdenFreed:
    """What was booked counts no more: the demand never came to be, or was no burden."""

    ledger_id: UUID
    demand_id: UUID
    reason: str
