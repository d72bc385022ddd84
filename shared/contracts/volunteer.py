"""Stream `volunteer-<account>`, written by dispatch: what one volunteer has in hand, so that nobody takes too much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.catalogue import event


@event("claim.reserved", "volunteer")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReserved:
    """One of the volunteer's places is taken for a task, before the case hears of it."""

    claim_id: UUID
    case_id: UUID
    task_id: UUID
    account: str
    until: datetime
    """When the claim ends by itself, should it become one."""


@event("claim.settled", "volunteer")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSettled:
    """The place is free again: somebody else was first, or the claim came to its end."""

    claim_id: UUID
    outcome: str
    """`lost`, or what the case says of the claim: `released`, `expired`, `answered`, `over`."""
