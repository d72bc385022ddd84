"""The visit 走记办回评: somebody was at a household's door, writes down what was said, does it, answers, is rated."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

import orjson

from shared.contracts.feedback import Satisfaction
from shared.contracts.shapes import Point
from shared.contracts.visit import VisitOutcome, VisitRated, VisitRecorded, VisitReplied, VisitReplyOverdue
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, Refused
from shared.kernel.ids import derived_id
from shared.kernel.masking import mask
from shared.kernel.wording import Wording

VisitEvent = VisitRecorded | VisitReplied | VisitReplyOverdue | VisitRated

AHEAD = timedelta(minutes=10)
"""How far a device's clock may be before ours."""
BACK = timedelta(days=30)
"""How long a device may have been without a network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a device says about one visit."""

    client_id: str
    captured_at: datetime
    """By the device's clock: what it says again when it sends the visit again."""
    happened_at: datetime
    """The same by ours."""
    area: Area
    grid: str | None
    household: str
    met: bool
    outcome: VisitOutcome
    words: str
    report_id: UUID | None
    point: Point | None


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit as it is known now."""

    visit_id: UUID
    facts: str
    reply_due_at: datetime | None
    reply: str | None = None
    told_overdue: bool = False
    rated: bool = False


def evolve(visit: Visit | None, event: VisitEvent) -> Visit:
    """What the event makes of it."""
    known = visit or Visit(event.visit_id, "", None)
    match event:
        case VisitRecorded():
            return Visit(event.visit_id, event.facts, event.reply_due_at)
        case VisitReplied():
            return replace(known, reply=event.words)
        case VisitReplyOverdue():
            return replace(known, told_overdue=True)
        case VisitRated():
            return replace(known, rated=True)
        case _:
            assert_never(event)


def visit_id(account: str, client_id: str) -> UUID:
    """What one person's device calls by the same name is the same visit, however often it is sent."""
    return derived_id("visit", account, client_id)


def facts(seen: Seen) -> str:
    """A hash of all that was said, to tell a repeated visit from another one under the same name."""
    said: Mapping[str, Any] = {
        "captured_at": seen.captured_at,
        "area": seen.area.path,
        "grid": seen.grid,
        "household": seen.household,
        "met": seen.met,
        "outcome": seen.outcome.value,
        "words": seen.words,
        "report_id": seen.report_id,
        "point": seen.point,
    }
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def record(account: str, seen: Seen, grid: str | None, now: datetime, reply_within: timedelta) -> VisitRecorded:
    """The visit, as of the time in the field. Raises Invalid for a time that no honest clock shows, and for what
    contradicts itself."""
    if seen.happened_at > now + AHEAD:
        raise Invalid(str(Wording("时间在将来", "the visit lies in the future")), where="captured_at")
    if seen.happened_at < now - BACK:
        said = Wording(f"超过 {BACK.days} 天", f"the visit is more than {BACK.days} days old")
        raise Invalid(str(said), where="captured_at", hint="report it on paper to the street")
    if (seen.outcome is VisitOutcome.REPORTED) != (seen.report_id is not None):
        said = Wording("上报编号与结果不符", "a visit that was reported names its report, and no other does")
        raise Invalid(str(said), where="report_id")
    if not seen.met and seen.outcome is VisitOutcome.TO_ANSWER:
        said = Wording("未见到人，不会有待回复的诉求", "nobody was met, so nobody can be waiting for an answer")
        raise Invalid(str(said), where="outcome")
    owes = seen.outcome in (VisitOutcome.TO_ANSWER, VisitOutcome.REPORTED)
    return VisitRecorded(
        visit_id=visit_id(account, seen.client_id),
        area=seen.area.path,
        grid=grid,
        household=seen.household,
        met=seen.met,
        outcome=seen.outcome,
        words=mask(seen.words),
        report_id=seen.report_id,
        reply_due_at=seen.happened_at + reply_within if owes else None,
        point=seen.point,
        client_id=seen.client_id,
        facts=facts(seen),
    )


def same(visit: Visit, said_now: str) -> None:
    """Raises Refused `visit.client_id_reused` when the name was used for a visit of other facts."""
    if visit.facts != said_now:
        said = Wording("该编号已用于另一次走访", "this client id was used for another visit")
        raise Refused(str(said), rule="visit.client_id_reused", where="client_id", hint="give each visit its own id")


def reply(visit: Visit, words: str, at: datetime) -> tuple[VisitEvent, ...]:
    """The household has its answer; the same words again change nothing."""
    if visit.reply == words:
        return ()
    if visit.reply_due_at is None:
        said = Wording("该走访没有待回复的诉求", "nobody waits for an answer to this visit")
        raise Refused(str(said), rule="visit.no_reply_owed")
    if visit.reply is not None:
        raise Refused(str(Wording("已回复", "it was answered already")), rule="visit.replied")
    return (VisitReplied(visit_id=visit.visit_id, words=words, on_time=at <= visit.reply_due_at),)


def rate(visit: Visit, satisfaction: Satisfaction, words: str) -> tuple[VisitEvent, ...]:
    """What the household thinks of it, once, and where an answer was owed only after it came."""
    if visit.rated:
        raise Refused(str(Wording("已评价", "it was rated already")), rule="visit.rated")
    if visit.reply_due_at is not None and visit.reply is None:
        raise Refused(str(Wording("尚未回复，不能评价", "it was not answered yet")), rule="visit.not_replied")
    return (VisitRated(visit_id=visit.visit_id, satisfaction=satisfaction, words=words),)


def overdue(visit: Visit, now: datetime) -> tuple[VisitEvent, ...]:
    """The household waits for too long: said once."""
    due = visit.reply_due_at
    if due is None or visit.reply is not None or visit.told_overdue or now <= due:
        return ()
    return (VisitReplyOverdue(visit_id=visit.visit_id, due_at=due),)
