"""Streams `appointment-<id>`, written by grid: who stands where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event


class Post(StrEnum):
    """The posts of 1+1+1+N and of the five tiers."""

    DISTRICT_INSPECTOR = "district_inspector"
    STREET_SUPERVISOR = "street_supervisor"
    GRID_WORKER = "grid_worker"
    GRID_LEAD = "grid_lead"
    GROUP_LEAD = "group_lead"
    BUILDING_HEAD = "building_head"
    VOLUNTEER = "volunteer"


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


@event("appointment.ended", "appointment")
@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentEnded:
    """Somebody leaves a post; the day is the last one served."""

    appointment_id: UUID
    until: date
    reason: str
