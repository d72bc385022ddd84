"""Stream `campaign-<id>`, written by dispatch: an effort with a beginning and an end 专项行动.

Which cases and remedies belong to one is a rule, place × kind × time, and never a list: nobody can leave one out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.catalogue import event


@event("campaign.opened", "campaign", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOpened:
    """Somebody sets out to put one kind of thing right in one place, in a time that ends (启动)."""

    campaign_id: UUID
    title: str
    purpose: str
    area: str
    """Everything in this area belongs to it, when kind and time fit."""
    issue_types: tuple[str, ...]
    """Codes, or beginnings of codes: `E-01` means every kind of that group."""
    since: datetime
    """The first instant that belongs to it."""
    until: datetime
    """The first instant that does not any more."""
    lead: str
    """The department that leads it."""
    target: str
    """What is to be reached, in words."""


@event("campaign.extended", "campaign", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignExtended:
    """It goes on for longer (延长), for a reason, and never for more than a year in all."""

    campaign_id: UUID
    until: datetime
    reason: str


@event("campaign.ended", "campaign", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignEnded:
    """It is over, and somebody says what came of it (总结): from here on is counted what lasted."""

    campaign_id: UUID
    until: datetime
    """The first instant that does not belong to it: as was planned, or sooner."""
    summary: str
