"""One function per command on a remedy: load it, ask whether this asker may, decide, append."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers.common import area_of, case_stream
from services.dispatch.remedies import decisions
from services.dispatch.remedies.decisions import Plan
from services.dispatch.remedies.domain import FINDERS, MOVES, Remedy, RemedyEvent, evolve
from services.dispatch.remedies.whereabouts import Near, load, series_of, standing, stream_of
from shared.contracts.envelope import Recorded
from shared.contracts.remedy import RemedyKind, RemedyOpened, RemedyRectified, Severity
from shared.contracts.shapes import Point
from shared.handling import Cause, amend, begin
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, Refused
from shared.kernel.ids import new_id
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What somebody found."""

    kind: RemedyKind
    severity: Severity
    issue_type: str
    title: str
    words: str
    area: Area
    place: str | None = None
    point: Point | None = None
    photos: tuple[str, ...] = ()
    case_ids: tuple[UUID, ...] = ()


def open_(log: EventLog, book: Rulebook, near: Near, found: Found, asker: Asker, cause: Cause) -> UUID:
    """Put it on the list; its id. The same key answers the same id.

    Raises Invalid for a kind of issue that there is not, NotFound for a case, and Refused `remedy.open_already` for a
    root cause that is on the list: it has one remedy, which the refusal names.
    """
    permission.require(asker, roles=FINDERS, action_area=found.area)
    if cause.idempotency_key is not None:
        before = log.seen(cause.idempotency_key, cause.request_hash)
        if before is not None:
            return UUID(before.stream.removeprefix("remedy-"))
    if found.issue_type not in book.issue_types:
        raise Invalid(f"there is no issue type {found.issue_type}", where="issue_type")
    for case_id in found.case_ids:
        area_of(log, case_id, asker)
    if found.point is None:
        found = replace(found, point=_point_of(log, found.case_ids))
    remedy_id = new_id() if found.kind is RemedyKind.HIDDEN_DANGER else _root_cause_id(log, near, found)
    opened = RemedyOpened(
        remedy_id=remedy_id,
        kind=found.kind,
        severity=found.severity,
        issue_type=found.issue_type,
        title=mask(found.title),
        words=mask(found.words),
        place=None if found.place is None else mask(found.place),
        point=found.point,
        photos=found.photos,
        case_ids=found.case_ids,
        times=None,
    )
    begin(log, stream_of(remedy_id), (opened,), cause, area=found.area, correlation_id=remedy_id)
    return remedy_id


def _root_cause_id(log: EventLog, near: Near, found: Found) -> UUID:
    if not found.case_ids:
        said = Wording("源头治理须从案件发起", "a root cause is opened from a case: name at least one")
        raise Invalid(str(said), where="case_ids")
    series = series_of(log, found.case_ids[0])
    known = standing(log, near, found.issue_type, found.area, found.point, series)
    if known.remedy is not None:
        said = Wording("此处同类问题已有源头治理事项", "the root cause of this is on the list already")
        raise Refused(str(said), rule="remedy.open_already", hint=f"see /remedies/{known.remedy_id}")
    return known.remedy_id


def _point_of(log: EventLog, case_ids: Iterable[UUID]) -> Point | None:
    """Where the first of the cases lies that knows it."""
    founding = (log.stream(case_stream(case_id))[0].event for case_id in case_ids)
    return next((event.point for event in founding if event.point is not None), None)


def link(log: EventLog, remedy_id: UUID, case_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """Another case has to do with it."""
    _may(log, remedy_id, "remedy.case_linked", asker)
    area_of(log, case_id, asker)
    return _change(log, remedy_id, cause, lambda remedy: decisions.link(remedy, case_id))


def plan(log: EventLog, book: Rulebook, remedy_id: UUID, wish: Plan, asker: Asker, cause: Cause) -> Appended:
    """How it is to be put right, and by whom.

    A department plans what it is responsible for, or takes up what is nobody's yet; it never gives a task to another.
    """
    remedy = _may(log, remedy_id, "remedy.planned", asker)
    permission.require(asker, department=remedy.department or wish.department)
    permission.require(asker, department=wish.department)
    if wish.department not in book.departments:
        raise Invalid(f"there is no department {wish.department}", where="department")
    worded = replace(wish, measures=mask(wish.measures), funding=mask(wish.funding), interim=mask(wish.interim))
    gives = asker.role != "department"
    return _change(log, remedy_id, cause, lambda now: decisions.plan(now, worded, gives, cause.at))


def rectify(
    log: EventLog, remedy_id: UUID, words: str, photos: tuple[str, ...], asker: Asker, cause: Cause
) -> Appended:
    """The department says that it is put right."""
    remedy = _may(log, remedy_id, "remedy.rectified", asker)
    permission.require(asker, department=remedy.department)
    return _change(log, remedy_id, cause, lambda now: decisions.rectify(now, mask(words), photos, cause.at))


def reinspect(
    log: EventLog, remedy_id: UUID, passed: bool, findings: str, photos: tuple[str, ...], asker: Asker, cause: Cause
) -> Appended:
    """Somebody from outside the department looked."""
    event = "remedy.reinspection_passed" if passed else "remedy.reinspection_failed"
    _may(log, remedy_id, event, asker)
    return _change(log, remedy_id, cause, lambda now: decisions.reinspect(now, passed, mask(findings), photos))


def clear(log: EventLog, remedy_id: UUID, words: str | None, asker: Asker, cause: Cause) -> Appended:
    """Strike it off (销号)."""
    _may(log, remedy_id, "remedy.cleared", asker)
    said = None if words is None else mask(words)
    return _change(log, remedy_id, cause, lambda now: decisions.clear(now, said))


def withdraw(log: EventLog, remedy_id: UUID, reason: str, asker: Asker, cause: Cause) -> Appended:
    """It was none, or is dealt with elsewhere."""
    _may(log, remedy_id, "remedy.withdrawn", asker)
    return _change(log, remedy_id, cause, lambda now: decisions.withdraw(now, mask(reason)))


def may(remedy: Remedy, area: Area, done_by: str | None, event: str, asker: Asker) -> None:
    """Role × area × department: whether this asker may do this about that remedy at all. Raises Forbidden.

    `done_by` is the account that last said it was put right. Whether the remedy stands where it can be done is another
    question, which `decisions.need` answers.
    """
    roles = remedy.clearers if event in ("remedy.cleared", "remedy.withdrawn") else MOVES[event][2]
    permission.require(asker, roles=set(roles) - {"service"}, action_area=area)
    if event in ("remedy.planned", "remedy.rectified"):
        permission.require(asker, department=remedy.department)
    if event.startswith("remedy.reinspection") and remedy.rectified is not None:
        permission.from_outside(asker, remedy.rectified.department, done_by or "")


def done_by(history: Iterable[Recorded[Any]]) -> str | None:
    """The account that last said it was put right."""
    said = [one.actor.id for one in history if isinstance(one.event, RemedyRectified)]
    return said[-1] if said else None


def _may(log: EventLog, remedy_id: UUID, event: str, asker: Asker) -> Remedy:
    remedy, history = load(log, remedy_id)
    may(remedy, history[-1].area, done_by(history), event, asker)
    return remedy


def _change(
    log: EventLog, remedy_id: UUID, cause: Cause, decide: Callable[[Remedy], Iterable[RemedyEvent]]
) -> Appended:
    return amend(log, stream_of(remedy_id), evolve, decide, cause)
