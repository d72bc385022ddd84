"""What may be done with a remedy: its state and the wish → the events that follow, or a refusal naming its rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.dispatch.remedies.domain import MOVES, Remedy, RemedyEvent
from shared.contracts.remedy import (
    RemedyCaseLinked,
    RemedyCleared,
    RemedyPlanned,
    RemedyRectified,
    RemedyReinspectionFailed,
    RemedyReinspectionPassed,
    RemedyRelapsed,
    RemedyWithdrawn,
)
from shared.kernel.errors import Invalid, Refused
from shared.kernel.wording import Wording

LONGEST = timedelta(days=2 * 366)
"""No plan gives more time than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The five things that a plan settles."""

    department: str
    measures: str
    funding: str
    due_at: datetime
    interim: str


def plan(remedy: Remedy, wish: Plan, may_lengthen: bool, at: datetime) -> tuple[RemedyEvent, ...]:
    """How it is to be put right; the same plan again changes nothing.

    Whoever has to put it right may word the plan anew and promise to be sooner; for more time somebody above is needed.
    """
    need(remedy, "remedy.planned")
    before = remedy.plan
    planned = RemedyPlanned(
        remedy_id=remedy.remedy_id,
        plan=remedy.plans + 1,
        department=wish.department,
        measures=wish.measures,
        funding=wish.funding,
        due_at=wish.due_at,
        interim=wish.interim,
    )
    if before is not None and _says(before) == _says(planned):
        return ()
    if before is not None and wish.due_at > before.due_at and not may_lengthen:
        said = Wording("整改期限只能由派遣员或值班长、分管领导延长", "more time is given by those who gave the task")
        raise Refused(str(said), rule="remedy.later_date", where="due_on")
    if not at < wish.due_at <= at + LONGEST:
        said = Wording(
            f"整改期限须在今后 {LONGEST.days} 天之内", f"the day must lie ahead, and within {LONGEST.days} days"
        )
        raise Invalid(str(said), where="due_on")
    return (planned,)


def _says(planned: RemedyPlanned) -> tuple[object, ...]:
    return (planned.department, planned.measures, planned.funding, planned.due_at, planned.interim)


def rectify(remedy: Remedy, words: str, photos: tuple[str, ...], at: datetime) -> tuple[RemedyEvent, ...]:
    """The department says that it is done, and shows it."""
    need(remedy, "remedy.rectified")
    if remedy.plan is None:
        raise LookupError("what is being put right has a plan")
    if not photos:
        raise Invalid(str(Wording("整改完成须附照片", "show in a photo how it is now")), where="photos")
    if same := sorted(set(photos) & set(remedy.opened.photos)):
        said = Wording("同一张照片不能既是整改前又是整改后", "a photo cannot show both how it was and how it is")
        raise Invalid(str(said), where="photos", errors={"photos": same})
    return (
        RemedyRectified(
            remedy_id=remedy.remedy_id,
            department=remedy.plan.department,
            words=words,
            photos=photos,
            on_time=at < remedy.plan.due_at,
        ),
    )


def reinspect(remedy: Remedy, passed: bool, findings: str, photos: tuple[str, ...]) -> tuple[RemedyEvent, ...]:
    """Somebody looked. What had passed may still be found wanting, until it is struck off."""
    if passed:
        need(remedy, "remedy.reinspection_passed")
        return (RemedyReinspectionPassed(remedy_id=remedy.remedy_id, findings=findings, photos=photos),)
    need(remedy, "remedy.reinspection_failed")
    return (
        RemedyReinspectionFailed(
            remedy_id=remedy.remedy_id, findings=findings, photos=photos, failures=remedy.failures + 1
        ),
    )


def clear(remedy: Remedy, words: str | None) -> tuple[RemedyEvent, ...]:
    """Strike it off (销号)."""
    need(remedy, "remedy.cleared")
    return (RemedyCleared(remedy_id=remedy.remedy_id, words=words),)


def withdraw(remedy: Remedy, reason: str) -> tuple[RemedyEvent, ...]:
    need(remedy, "remedy.withdrawn")
    return (RemedyWithdrawn(remedy_id=remedy.remedy_id, reason=reason),)


def link(remedy: Remedy, case_id: UUID) -> tuple[RemedyEvent, ...]:
    """Another case has to do with it; one that is linked already changes nothing."""
    if case_id in remedy.case_ids:
        return ()
    need(remedy, "remedy.case_linked")
    return (RemedyCaseLinked(remedy_id=remedy.remedy_id, case_id=case_id),)


def relapse(remedy: Remedy, case_id: UUID, number: str, lasted: timedelta) -> tuple[RemedyEvent, ...]:
    """It is back after it was struck off."""
    need(remedy, "remedy.relapsed")
    return (
        RemedyRelapsed(
            remedy_id=remedy.remedy_id,
            case_id=case_id,
            number=number,
            days=lasted.days,
            relapses=remedy.relapses + 1,
        ),
    )


def need(remedy: Remedy, event: str) -> None:
    """Raises Refused when the event may not happen where the remedy stands now."""
    sources = MOVES[event][0]
    if remedy.state in sources:
        return
    zh, en = "、".join(f"「{one.zh}」" for one in sources), " or ".join(one.value for one in sources)
    said = Wording(
        f"整治事项现为「{remedy.state.zh}」，须为{zh}",
        f"the remedy is {remedy.state.value}; this takes one that is {en}",
    )
    raise Refused(str(said), rule="remedy.not_possible_now")
