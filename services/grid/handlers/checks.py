"""Checks are assigned and answered; closed cases are chosen for a spot check."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.grid.domain import checks
from services.grid.domain.checks import Finding, Handling
from services.grid.handlers.common import area_of, check_stream
from shared.handling import Cause, amend, begin, fold
from shared.kernel.errors import NotFound
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker


def answer_check(log: EventLog, check_id: UUID, asker: Asker, cause: Cause, found: Finding) -> Appended:
    """Somebody looked. Raises NotFound, Forbidden outside the asker's area, Refused `check.own_department`,
    `check.own_work`, `check.own_organisation`, `check.answered`."""
    stream, done_by = _about(log, check_id, asker)
    return amend(
        log,
        stream,
        checks.evolve,
        lambda check: checks.answer(check, asker, done_by, replace(found, findings=mask(found.findings))),
        cause,
    )


def assign_check(log: EventLog, check_id: UUID, asker: Asker, cause: Cause, *, person: str, reason: str) -> Appended:
    """Somebody else is to look. Raises NotFound, Forbidden, Refused `check.answered`, `check.own_work`."""
    stream, done_by = _about(log, check_id, asker)
    return amend(log, stream, checks.evolve, lambda check: checks.assign(check, person, mask(reason), done_by), cause)


def order_spot_check(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """A closed case is looked at once more; the same closing again changes nothing. Raises NotFound, Forbidden, Refused
    `spot_check.not_closed`, `check.own_department`."""
    history = log.about(case_id)
    if not history:
        raise NotFound(str(Wording(f"没有案件 {case_id}", f"there is no case {case_id}")), where="case_id")
    area = history[-1].area
    permission.require(asker, action_area=area)
    checks.require_district(asker)
    done_by = checks.handling(history)
    ordered = checks.order_spot_check(case_id, done_by, mask(reason))
    checks.require_outsider(asker, done_by)
    stream = check_stream(ordered.check_id)
    if before := log.stream(stream):
        return Appended(stream, len(before), ())
    return begin(log, stream, [ordered], cause, area=area, correlation_id=case_id)


def _about(log: EventLog, check_id: UUID, asker: Asker) -> tuple[str, Handling]:
    """The check's stream, and who handled the case that it is about, when the asker may act there."""
    stream = check_stream(check_id)
    permission.require(asker, action_area=area_of(log, stream))
    check = fold(log.stream(stream), checks.evolve)
    return stream, checks.handling(() if check is None else log.about(check.case_id))
