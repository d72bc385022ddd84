"""Streams `appointment-<id>`, written by grid: who stands where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event


class Post(StrEnum):
    """The posts of 1+1+1+N, of the five tiers, of the four officers and the six members of a grid."""

    CENTRE_CHIEF = "centre_chief"
    DISTRICT_INSPECTOR = "district_inspector"
    STREET_SUPERVISOR = "street_supervisor"
    GRID_WORKER = "grid_worker"
    PART_TIME_WORKER = "part_time_worker"
    GRID_LEAD = "grid_lead"
    COMMUNITY_POLICE = "community_police"
    URBAN_OFFICER = "urban_officer"
    GROUP_LEAD = "group_lead"
    BUILDING_HEAD = "building_head"
    COURTYARD_HEAD = "courtyard_head"
    STAIRWELL_HEAD = "stairwell_head"
    HOUSEHOLD_HEAD = "household_head"
    VOLUNTEER = "volunteer"
    ACTIVE_RESIDENT = "active_resident"
    PARTY_MEMBER = "party_member"
    SOCIAL_WORKER = "social_worker"
    PROPERTY_STAFF = "property_staff"
    OWNER = "owner"
    COUNCIL_CHAIR = "council_chair"
    COUNCILLOR = "councillor"
    MODEL_HOUSEHOLD = "model_household"
    MODEL_POST = "model_post"


@event("appointment.started", "appointment")
@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentStarted:
    """Somebody takes a post for an area or a grid, from a day on."""

    appointment_id: UUID
    person: str
    """The account, not the name."""
    post: Post
    area: str
    grid: str | None
    since: date
    unit: str | None = None
    """What the area is too wide for: a courtyard, a stairwell, a household, by number."""


@event("appointment.ended", "appointment")
@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentEnded:
    """Somebody leaves a post; the day is the last one served."""

    appointment_id: UUID
    until: date
    reason: str
