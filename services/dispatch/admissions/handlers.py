"""One function per command on an admission: load it, ask whether this asker may, decide, append."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dispatch.admissions import decisions
from services.dispatch.admissions.decisions import Narrower
from services.dispatch.admissions.domain import APPLICANTS, DECIDERS, Admission, AdmissionEvent, evolve
from services.dispatch.admissions.force import load, register_of, stream_of
from shared.contracts.admission import AdmissionDrafted, DemandKind, Form
from shared.handling import Cause, amend, begin
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden
from shared.kernel.ids import new_id
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a department wants to be admitted."""

    matter: str
    legal_basis: str
    scope: tuple[Area, ...]
    kinds: tuple[DemandKind, ...]
    valid_from: datetime
    valid_until: datetime
    forms: tuple[Form, ...] = ()
    funding: str
    headcount: int
    already_known: str | None = None


def draft(log: EventLog, wish: Wish, asker: Asker, cause: Cause) -> UUID:
    """A department writes down what it wants; the draft's id."""
    department = _own_department(asker)
    if cause.idempotency_key is not None:
        before = log.seen(cause.idempotency_key, cause.request_hash)
        if before is not None:
            return UUID(before.stream.removeprefix(_PREFIX))
    drafted = decisions.checked(_drafted(new_id(), department, wish))
    area = _places(wish, asker)
    stream = stream_of(drafted.admission_id)
    begin(log, stream, (drafted,), cause, area=area, correlation_id=register_of(department))
    return drafted.admission_id


def amend_draft(log: EventLog, admission_id: UUID, wish: Wish, asker: Asker, cause: Cause) -> Appended:
    """The department words its draft anew."""
    department = _own(log, admission_id, asker).department
    _places(wish, asker)
    wanted = _drafted(admission_id, department, wish)
    return _change(log, admission_id, cause, lambda found: decisions.amend(found, wanted, cause.at))


def apply(log: EventLog, calendar: Calendar, admission_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """The department applies."""
    _own(log, admission_id, asker)
    return _change(log, admission_id, cause, lambda found: decisions.apply(found, calendar, cause.at))


def review(log: EventLog, admission_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """Somebody who may decide takes it up."""
    _decider(log, admission_id, asker)
    return _change(log, admission_id, cause, lambda found: decisions.review(found, cause.at))


def approve(
    log: EventLog, admission_id: UUID, narrower: Narrower, reason: str | None, asker: Asker, cause: Cause
) -> Appended:
    """It may be asked, in all or fewer of the places, for all or less of the time."""
    _decider(log, admission_id, asker)
    words = None if reason is None else mask(reason)
    return _change(log, admission_id, cause, lambda found: decisions.approve(found, narrower, words, cause.at))


Decision = Callable[[Admission, str, datetime], Iterable[AdmissionEvent]]


def decide(log: EventLog, admission_id: UUID, decision: Decision, reason: str, asker: Asker, cause: Cause) -> Appended:
    """Reject, suspend, resume or revoke it (a function of `decisions`), with the reason that each of them takes."""
    _decider(log, admission_id, asker)
    return _change(log, admission_id, cause, lambda found: decision(found, mask(reason), cause.at))


# --- who may ------------------------------------------------------------------------------------------------------

_PREFIX = "admission-"


def _own_department(asker: Asker) -> str:
    permission.require(asker, roles=APPLICANTS)
    if asker.department is None:
        raise Forbidden(str(Wording("您的账号没有所属部门", "your account names no department")))
    return asker.department


def _places(wish: Wish, asker: Asker) -> Area:
    """The district of what is wanted, when the asker serves every place of it."""
    for area in wish.scope:
        permission.require(asker, action_area=area)
    return wish.scope[0].district


def _own(log: EventLog, admission_id: UUID, asker: Asker) -> Admission:
    found = load(log, admission_id)
    permission.require(asker, roles=APPLICANTS, department=found.department)
    return found


def _decider(log: EventLog, admission_id: UUID, asker: Asker) -> Admission:
    """The admission, when the asker decides for its whole district and did not apply for it."""
    found = load(log, admission_id)
    permission.require(asker, roles=DECIDERS, action_area=Area(found.draft.scope[0]).district)
    if asker.department == found.department:
        said = Wording("本部门的申请须由他人审批", "somebody else decides on your own department's application")
        raise Forbidden(str(said))
    return found


def _drafted(admission_id: UUID, department: str, wish: Wish) -> AdmissionDrafted:
    return AdmissionDrafted(
        admission_id=admission_id,
        department=department,
        matter=mask(wish.matter),
        legal_basis=mask(wish.legal_basis),
        scope=tuple(area.path for area in wish.scope),
        kinds=wish.kinds,
        valid_from=wish.valid_from,
        valid_until=wish.valid_until,
        forms=wish.forms,
        funding=mask(wish.funding),
        headcount=wish.headcount,
        already_known=None if wish.already_known is None else mask(wish.already_known),
    )


def _change(
    log: EventLog, admission_id: UUID, cause: Cause, decide_on: Callable[[Admission], Iterable[AdmissionEvent]]
) -> Appended:
    return amend(log, stream_of(admission_id), evolve, decide_on, cause)
