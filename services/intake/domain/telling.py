"""Telling: what somebody says at the door, its number, and the words that anybody may read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

from shared.contracts.report import ReportSubmitted, Source, Urgency
from shared.contracts.shapes import Point
from shared.kernel.area import Area
from shared.kernel.ids import derived_id
from shared.kernel.masking import mask

_AHEAD_OF_UTC = timedelta(hours=8)
CIVIL_TIME = timezone(_AHEAD_OF_UTC, "UTC+8")
"""The whole country lives by one clock; a tracking number carries its day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody tells at the door, in their own words."""

    area: Area
    source: Source
    issue_type: str
    urgency: Urgency
    title: str
    words: str
    place: str | None
    point: Point | None
    name: str | None
    phone: str | None
    email: str | None
    external_number: str | None
    photos: tuple[str, ...] = ()
    """References, `photo:<sha256>`."""
    openly: bool = False
    """Whether neighbours may see what it is about."""


def external_report_id(source: Source, external_number: str) -> UUID:
    """The id of the report that another system knows by this number: told twice, it is the same report."""
    return derived_id("report", source.value, external_number)


def civil_day(at: datetime) -> date:
    """The day that people have at this instant."""
    return (at.astimezone(UTC) + _AHEAD_OF_UTC).date()


def tracking_number(day: date, district: str, sequence: int) -> str:
    """`20260503` + `530103` + `000042`: the civil day, the district, and the how-manieth."""
    return f"{day.year * 10_000 + day.month * 100 + day.day}{district}{sequence:06d}"


@dataclass(frozen=True, slots=True)
class Shown:
    """The words as anybody may read them."""

    title: str
    words: str
    place: str | None


def shown(told: Told) -> Shown:
    """Phones, identity numbers and the reporter's name are masked everywhere."""
    names = (told.name, *told.name.split()) if told.name else ()
    place = None if told.place is None else mask(told.place, *names)
    return Shown(mask(told.title, *names), mask(told.words, *names), place)


def is_personal(told: Told, masked: Shown) -> bool:
    """Whether there is anything to seal: a contact, or words that had to be masked."""
    return bool(told.name or told.phone or told.email) or masked != Shown(told.title, told.words, told.place)


def submit(told: Told, masked: Shown, report_id: UUID, number: str, subject_id: UUID | None) -> ReportSubmitted:
    """The fact, without the person."""
    return ReportSubmitted(
        report_id=report_id,
        number=number,
        source=told.source,
        subject_id=subject_id,
        issue_type=told.issue_type,
        urgency=told.urgency,
        title=masked.title,
        words=masked.words,
        place=masked.place,
        point=told.point,
        external_number=told.external_number,
        photos=told.photos,
        openly=told.openly,
    )
