"""Facts beside a case that somebody should look at: found in its history, never judged here.

A flag's id follows from what it is about, so the same history raises the same flags, however often it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, assert_never
from uuid import UUID

from shared.contracts import case as cases
from shared.contracts import task as tasks
from shared.contracts.check import CheckFailed, CheckPassed
from shared.contracts.envelope import Recorded
from shared.contracts.flag import FlagRaised, FlagSettled, Suspicion
from shared.contracts.photo import PhotoStored
from shared.contracts.report import ReportSelfHandled, ReportSubmitted
from shared.contracts.shapes import Point
from shared.kernel.errors import Invalid, NotFound, Refused
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

FlagEvent = FlagRaised | FlagSettled
_CITY = timezone(timedelta(hours=8))

ALIKE = 10
"""Bits of 64 by which the fingerprints of pictures that look alike may differ."""
FAR = 300.0
"""Metres beyond what both positions' accuracy allows."""
FAST = timedelta(minutes=3)
"""Nobody travels, works and writes in less."""
SHORTLY = timedelta(hours=1)
MANY, WITHIN, LAST_DAYS = 20, timedelta(hours=1), 2
"""So many closings by one account, in so long, on the last days of a month."""

PREFIX = "photo:"


@dataclass(slots=True)
class _Seen:
    """What was read of an issue's history so far."""

    place: Point | None = None
    before: set[str] = field(default_factory=set)
    departments: set[str] = field(default_factory=set)
    before_dispatch: frozenset[str] = frozenset()
    """Those of before the last dispatch, which may be taken back."""
    begun: dict[UUID, datetime] = field(default_factory=dict)
    """When each task was given, or signed."""
    due: dict[UUID, datetime] = field(default_factory=dict)
    lead: str | None = None


def photos_of(history: Iterable[Recorded[Any]]) -> set[str]:
    """The hashes of every picture that the history refers to."""
    found: set[str] = set()
    for recorded in history:
        event = recorded.event
        for name in ("photos", "before", "after", "evidence"):
            found |= _hashes(getattr(event, name, ()))
    return found


def suspicions(  # noqa: C901  # one branch per event
    history: Sequence[Recorded[Any]], photos: Mapping[str, PhotoStored]
) -> Iterator[FlagRaised]:
    """Every flag that the issue's history gives cause for, in the order of its events."""
    seen = _Seen()
    for recorded in history:
        event = recorded.event
        match event:
            case ReportSubmitted():
                seen.place, seen.before = event.point, seen.before | _hashes(event.photos)
            case ReportSelfHandled():
                seen.before |= _hashes(event.before)
                yield from _pictures(event.report_id, _hashes(event.after), None, seen, photos)
            case cases.CaseDispatchRecalled():
                seen.departments = set(seen.before_dispatch)
            case cases.CaseDispatched():
                seen.before_dispatch = frozenset(seen.departments)
                seen.lead = event.department
                _given(seen, event.task_id, event.department, event.due_at, recorded.occurred_at)
            case tasks.TaskAdded():
                _given(seen, event.task_id, event.department, event.due_at, recorded.occurred_at)
            case cases.TaskSigned():
                seen.begun[event.task_id] = recorded.occurred_at
            case tasks.ExtensionApproved():
                seen.due[event.task_id] = event.due_at
            case cases.TaskResponded() | tasks.TaskPartResponded():
                yield from _pictures(event.case_id, _hashes(event.evidence), event.department, seen, photos)
                yield from _too_fast(event, recorded.occurred_at, seen)
            case CheckPassed() | CheckFailed():
                yield from _inside(event, recorded, seen)
            case cases.CaseSuspended():
                yield from _shortly_before(event, recorded.occurred_at, seen)
            case _:
                pass


def mass_closing(case_id: UUID, closed_at: datetime, closings: int, department: str | None) -> Iterator[FlagRaised]:
    """A flag when so many cases were closed by the same account just before the month ends."""
    day = closed_at.astimezone(_CITY).date()
    ends_soon = (day + timedelta(days=LAST_DAYS)).month != day.month
    if closings >= MANY and ends_soon:
        said = Wording(
            f"月末同一账户一小时内结案 {closings} 件",
            f"{closings} cases closed by one account in an hour, at month's end",
        )
        yield _flag(case_id, Suspicion.MASS_CLOSING, said, department, closed_at.isoformat())


def _given(seen: _Seen, task_id: UUID, department: str, due_at: datetime | None, at: datetime) -> None:
    seen.departments.add(department)
    seen.begun[task_id] = at
    if due_at is not None:
        seen.due[task_id] = due_at


def _hashes(references: Iterable[str]) -> set[str]:
    return {text.removeprefix(PREFIX) for text in references if text.startswith(PREFIX)}


def _pictures(
    case_id: UUID, after: set[str], department: str | None, seen: _Seen, photos: Mapping[str, PhotoStored]
) -> Iterator[FlagRaised]:
    for name in sorted(after):
        twin = next((other for other in sorted(seen.before) if _alike(name, other, photos)), None)
        if twin is not None:
            said = Wording("处置后的照片与处置前相同", "the picture after is the picture before")
            yield _flag(case_id, Suspicion.SAME_PHOTO, said, department, name)
        away = _away(photos.get(name), seen.place)
        if away is not None:
            said = Wording(f"照片拍摄地距案发地约 {away:.0f} 米", f"the picture was taken some {away:.0f} m away")
            yield _flag(case_id, Suspicion.FAR_PHOTO, said, department, name)


def _alike(one: str, other: str, photos: Mapping[str, PhotoStored]) -> bool:
    if one == other:
        return True
    left, right = photos.get(one), photos.get(other)
    if left is None or right is None:
        return False
    return (int(left.fingerprint, 16) ^ int(right.fingerprint, 16)).bit_count() <= ALIKE


def _away(photo: PhotoStored | None, place: Point | None) -> float | None:
    """Metres, when it is too far to be the same place."""
    if photo is None or photo.point is None or place is None:
        return None
    metres = photo.point.metres_to(place)
    unsure = (photo.point.accuracy or 0.0) + (place.accuracy or 0.0)
    return metres if metres > FAR + unsure else None


def _too_fast(event: cases.TaskResponded | tasks.TaskPartResponded, at: datetime, seen: _Seen) -> Iterator[FlagRaised]:
    begun = seen.begun.get(event.task_id)
    if begun is not None and at - begun < FAST:
        seconds = int((at - begun).total_seconds())
        said = Wording(f"签收后 {seconds} 秒即反馈", f"answered {seconds} seconds after it was taken on")
        yield _flag(event.case_id, Suspicion.TOO_FAST, said, event.department, str(event.task_id))


def _inside(event: CheckPassed | CheckFailed, recorded: Recorded[Any], seen: _Seen) -> Iterator[FlagRaised]:
    own = recorded.actor.department
    if own is not None and own in seen.departments:
        said = Wording(f"核查人属于处置单位 {own}", f"whoever looked belongs to {own}, which handled it")
        yield _flag(event.case_id, Suspicion.CHECKER_INSIDE, said, own, str(event.check_id))


def _shortly_before(event: cases.CaseSuspended, at: datetime, seen: _Seen) -> Iterator[FlagRaised]:
    left = [due - at for due in seen.due.values() if due >= at]
    if left and min(left) <= SHORTLY:
        minutes = int(min(left).total_seconds() // 60)
        said = Wording(f"到期前 {minutes} 分钟挂账", f"suspended {minutes} minutes before it was due")
        yield _flag(event.case_id, Suspicion.SUSPENDED_BEFORE_DUE, said, seen.lead, str(event.request_id))


def _flag(case_id: UUID, suspicion: Suspicion, said: Wording, department: str | None, about: str) -> FlagRaised:
    return FlagRaised(
        flag_id=derived_id("flag", case_id, suspicion.value, about),
        case_id=case_id,
        suspicion=suspicion,
        because=str(said),
        department=department,
    )


# --- the flags of one case --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Flags:
    """What was raised on a case, and which of it was looked at."""

    raised: frozenset[UUID] = frozenset()
    settled: frozenset[UUID] = frozenset()


def evolve(flags: Flags | None, event: FlagEvent) -> Flags:
    """The flags after the event; history is not up for debate."""
    known = flags or Flags()
    match event:
        case FlagRaised(flag_id=flag_id):
            return Flags(known.raised | {flag_id}, known.settled)
        case FlagSettled(flag_id=flag_id):
            return Flags(known.raised, known.settled | {flag_id})
        case _:
            assert_never(event)


def raise_missing(flags: Flags, found: Iterable[FlagRaised]) -> tuple[FlagEvent, ...]:
    """What is not raised yet."""
    return tuple({flag.flag_id: flag for flag in found if flag.flag_id not in flags.raised}.values())


def settle(flags: Flags, case_id: UUID, flag_id: UUID, founded: bool, words: str) -> tuple[FlagEvent, ...]:
    """Somebody looked, and says what it was. Raises NotFound, Refused when it was settled before, Invalid."""
    if flag_id not in flags.raised:
        raise NotFound(str(Wording("没有这个疑点", "there is no such flag")))
    if flag_id in flags.settled:
        raise Refused(str(Wording("该疑点已有结论", "this flag was settled already")), rule="flag.settled")
    if not words.strip():
        raise Invalid(str(Wording("须写明核实情况", "say what was found")), where="words")
    return (FlagSettled(flag_id=flag_id, case_id=case_id, founded=founded, words=words),)
