"""Loads a checked folder into the log as events of the services that own them; what the log says already is left alone.

Every event carries one correlation id for the district's reference data, so that what was loaded before is one query.
A changed line adds one event. A line that is gone from the files ends that appointment, or withdraws that department,
issue type, responsibility or limit; areas stay, because history names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from deploy.reference.check import check
from deploy.reference.files import PANLONG, Reference
from deploy.reference.policies import check_policies, policies_in_order
from services.dispatch.domain.lines import check as check_rulebook
from services.dispatch.domain.lines import settle, stream_of, withdrawal
from services.grid.handlers import seat
from shared.contracts.appointment import AppointmentEnded, AppointmentStarted
from shared.contracts.area import AreaBounded, AreaCreated, AreaRenamed, AreaUnbounded
from shared.contracts.envelope import Actor, Recorded
from shared.contracts.rulebook import PolicyAdopted
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.ids import derived_id
from shared.ports import Append, Appended, Companion, Happening

LOADER = Actor("reference", "operator")
GONE = "no longer in the reference data"
"""Why an appointment ended, or a line was withdrawn, that is not in the files any more."""
BESIDE = (AreaBounded, AreaUnbounded)
"""Events that stand in the same streams and say nothing that the files say."""
AT_ONCE = 500
"""Streams per step: between two of them progress is told."""

Told = Callable[[str, int, int], None]
"""Hears what is being loaded, how many streams of it are done, and of how many."""


class Log(Protocol):
    """What loading needs of the log."""

    def stream(self, stream: str) -> list[Recorded[Any]]:
        """All events of one stream."""

    def about(self, correlation_id: UUID) -> list[Recorded[Any]]:
        """Every event with that correlation id."""

    def bulk_append(self, appends: Sequence[Append]) -> list[Appended | Exception]:
        """Store many at once; an error in the place of each that failed."""


@dataclass
class Loaded:
    """How many streams there were, and what was appended to them, by event type."""

    streams: int = 0
    appended: dict[str, int] = field(default_factory=dict)

    @property
    def events(self) -> int:
        return sum(self.appended.values())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one stream is to say at its end."""

    stream: str
    area: Area
    event: Any
    beside: Companion | None = None
    """A row that is stored with it."""


def load(grid: Log, dispatch: Log, at: datetime, folder: Path = PANLONG, told: Told = lambda *_: None) -> Loaded:
    """Check the folder and load it, as grid and as dispatch. Raises Invalid with the faults; nothing is changed then.

    Raises Conflict when somebody changes the same things at the same moment: load again.
    """
    found, faults = check(folder)
    if faults:
        said = "\n".join(str(fault) for fault in faults[:20])
        raise Invalid(f"{len(faults)} faults in {folder}:\n{said}", where=str(folder))
    check_rulebook([entry.event for entry in _rules(found)])
    district = _district(found)
    about = derived_id("reference", district.path)
    before = _latest(grid.about(about))
    rules_before = _latest(dispatch.about(about))
    standing = [one.event for one in rules_before.values() if isinstance(one.event, PolicyAdopted)]
    check_policies(found, standing, at, is_first=not rules_before)
    done = Loaded()
    for name, log, wanted in (
        ("areas", grid, list(_areas(found))),
        ("grids", grid, list(_grids(found))),
        ("appointments", grid, [*_endings(found, before, at.date()), *_appointments(found, before, at.date())]),
        # One after the other: what is written after a policy belongs to it.
        *(("policies", dispatch, [one]) for one in _policies(found, district)),
        ("rulebook", dispatch, [*_withdrawals(found, rules_before), *_rulebook(found, district)]),
    ):
        _bring(name, log, wanted, about, at, done, told)
    return done


def _district(found: Reference) -> Area:
    for entry in found.areas:
        area = Area.parse(entry.event.path)
        if area.parent is None:
            return area
    raise Invalid("areas.csv lists no district", where="areas.csv", hint="add a line for it, such as 530103")


# --- what is wanted -----------------------------------------------------------------------------------------------


def _areas(found: Reference) -> Iterator[Wanted]:
    for entry in sorted(found.areas, key=lambda entry: entry.event.path):
        yield Wanted(f"area-{entry.event.path}", Area(entry.event.path), entry.event)


def _grids(found: Reference) -> Iterator[Wanted]:
    for entry in found.grids:
        yield Wanted(f"grid-{entry.event.code}", Area(entry.event.community), entry.event)


def _appointments(found: Reference, before: dict[str, Recorded[Any]], today: date) -> Iterator[Wanted]:
    """Each with its seat. A line that was added later has it from tomorrow on: today whoever had it before serves."""
    first_day = today + timedelta(days=1) if before else date.min
    for entry in found.appointments:
        started = entry.event
        beside = seat(started, since=max(started.since, first_day))
        yield Wanted(f"appointment-{started.appointment_id}", Area(started.area), started, beside)


def _endings(found: Reference, before: dict[str, Recorded[Any]], today: date) -> Iterator[Wanted]:
    """Appointments that were loaded once and are not in the file any more."""
    kept = {entry.event.appointment_id for entry in found.appointments}
    for recorded in before.values():
        event = recorded.event
        if isinstance(event, AppointmentStarted) and event.appointment_id not in kept:
            ended = AppointmentEnded(appointment_id=event.appointment_id, until=today, reason=GONE)
            yield Wanted(recorded.stream, recorded.area, ended, seat(event, ended.until))


def _rules(found: Reference) -> Iterable[Any]:
    standards = [*found.limits, *found.ladders, *found.samplings, *found.pools]
    words = [*found.label_sets, *found.labels_chosen]
    who = [*found.departments, *found.issue_types, *found.responsibilities]
    return [*who, *standards, *words, *found.calendars, *found.burden_caps]


def _policies(found: Reference, district: Area) -> Iterator[Wanted]:
    for entry in policies_in_order(found):
        yield Wanted(stream_of(entry.event), district, entry.event)


def _rulebook(found: Reference, district: Area) -> Iterator[Wanted]:
    for entry in _rules(found):
        line = entry.event
        yield Wanted(stream_of(line), Area.parse(getattr(line, "area", district.path)), line)


def _withdrawals(found: Reference, before: dict[str, Recorded[Any]]) -> Iterator[Wanted]:
    """Lines that were loaded once and are not in the files any more: what refers to them was changed by then."""
    kept = {stream_of(entry.event) for entry in _rules(found)}
    for recorded in before.values():
        if recorded.stream.startswith("rulebook-") and recorded.stream not in kept:
            withdrawn = withdrawal(recorded.event, GONE)
            if withdrawn is not None:
                yield Wanted(recorded.stream, recorded.area, withdrawn)


# --- what is added ------------------------------------------------------------------------------------------------


def _bring(name: str, log: Log, wanted: Sequence[Wanted], about: UUID, at: datetime, done: Loaded, told: Told) -> None:
    latest = _latest(log.about(about))
    told(name, 0, len(wanted))
    for start in range(0, len(wanted), AT_ONCE):
        step = wanted[start : start + AT_ONCE]
        appends = [append for one in step if (append := _append(one, latest.get(one.stream), about, at)) is not None]
        for append, answer in zip(appends, log.bulk_append(appends), strict=True):
            _counted(log, append, answer, done)
        done.streams += len(step)
        told(name, min(start + AT_ONCE, len(wanted)), len(wanted))


def _latest(history: Iterable[Recorded[Any]]) -> dict[str, Recorded[Any]]:
    """What each stream says last of what the files say, at the stream's version."""
    found: dict[str, Recorded[Any]] = {}
    for recorded in history:
        before = found.get(recorded.stream)
        if before is not None and isinstance(recorded.event, BESIDE):
            found[recorded.stream] = replace(before, version=max(before.version, recorded.version))
        elif before is None or before.version < recorded.version:
            found[recorded.stream] = recorded
    return found


def _append(wanted: Wanted, latest: Recorded[Any] | None, about: UUID, at: datetime) -> Append | None:
    event = _difference(None if latest is None else latest.event, wanted.event)
    if event is None:
        return None
    return Append(
        stream=wanted.stream,
        expected=0 if latest is None else latest.version,
        happenings=(Happening(event, at),),
        area=wanted.area,
        actor=LOADER,
        correlation_id=about,
        companions=() if wanted.beside is None else (wanted.beside,),
    )


def _difference(current: Any, wanted: Any) -> Any:
    """The event that makes a stream say what is wanted; None when it says so already."""
    match current, wanted:
        case AreaRenamed(), AreaCreated():
            return None if current.name == wanted.name else AreaRenamed(path=wanted.path, name=wanted.name)
        case AreaCreated(), AreaCreated():
            return _area_difference(current, wanted)
        case AppointmentEnded(), AppointmentEnded():
            return None
        case AppointmentEnded(), AppointmentStarted() if current.reason != GONE:
            # Somebody ended it at the desk, and the files have not heard of it: what was decided later holds.
            return None
        case _, AreaCreated() | AppointmentStarted() | AppointmentEnded():
            return None if current == wanted else wanted
        case _:
            return next(iter(settle(current, wanted)), None)


def _area_difference(current: AreaCreated, wanted: AreaCreated) -> AreaCreated | AreaRenamed | None:
    if current == wanted:
        return None
    only_the_name = (current.kind, current.centre) == (wanted.kind, wanted.centre)
    return AreaRenamed(path=wanted.path, name=wanted.name) if only_the_name else wanted


def _counted(log: Log, append: Append, answer: Appended | Exception, done: Loaded) -> None:
    settled = _again(log, append) if isinstance(answer, Conflict) else answer
    if isinstance(settled, Exception):
        raise settled
    if settled is not None:
        name = type(append.happenings[0].event).__name__
        done.appended[name] = done.appended.get(name, 0) + 1


def _again(log: Log, append: Append) -> Appended | Exception | None:
    """Somebody wrote to the stream by another way than loading: what stands there now is what to differ from."""
    history = log.stream(append.stream)
    said = [recorded.event for recorded in history if not isinstance(recorded.event, BESIDE)]
    event = _difference(said[-1] if said else None, append.happenings[0].event)
    if event is None:
        return None
    happening = Happening(event, append.happenings[0].occurred_at)
    retry = Append(
        stream=append.stream,
        expected=len(history),
        happenings=(happening,),
        area=append.area,
        actor=append.actor,
        correlation_id=append.correlation_id,
        companions=append.companions,
    )
    return log.bulk_append([retry])[0]
