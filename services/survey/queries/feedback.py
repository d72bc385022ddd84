"""Question → answer: what a reporter is asked, and what reporters said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.survey.domain.feedback import Standing, evolve
from services.survey.handlers import feedback_stream
from shared.contracts.case import CaseClosed, CaseFiled, CaseSelfHandled
from shared.contracts.feedback import FeedbackInvited, Satisfaction
from shared.handling import fold
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.ports import EventLog, Rows
from shared.security import permission
from shared.security.permission import Asker
from shared.web.paging import place, read_place

Json = dict[str, Any]

QUESTIONS: tuple[Json, ...] = (
    {"name": "resolved", "zh": "问题解决了吗？", "en": "Is the issue solved?", "required": True},
    {
        "name": "satisfaction",
        "zh": "您对办理结果满意吗？",
        "en": "Are you content with how it was handled?",
        "required": True,
        "choices": [
            {"value": "satisfied", "zh": "满意", "en": "Satisfied"},
            {"value": "fairly_satisfied", "zh": "基本满意", "en": "Fairly satisfied"},
            {"value": "unsatisfied", "zh": "不满意", "en": "Unsatisfied"},
        ],
    },
    {"name": "words", "zh": "您想说的话", "en": "In your words", "required": False},
    {"name": "wants_reopening", "zh": "要求重办（须写明原因）", "en": "Handle it again (say why)", "required": False},
)


def question(log: EventLog, feedback_id: UUID, at: datetime) -> Json:
    """What the holder of the link is asked, and about which case. Raises NotFound when nobody was asked."""
    feedback = fold(log.stream(feedback_stream(feedback_id)), evolve)
    if feedback is None:
        raise NotFound(str(Wording("没有这份评价", "there is no such question")))
    invited, standing = feedback.invited, feedback.standing(at)
    return {
        "feedback_id": feedback_id,
        "standing": standing.value,
        "number": invited.number,
        "expires_at": invited.expires_at,
        "about": _about(log, invited),
        "questions": list(QUESTIONS) if standing is Standing.OPEN else [],
    }


def _about(log: EventLog, invited: FeedbackInvited) -> Json:
    """What was reported, and what the reporter was told when it was closed."""
    about: Json = {"title": None, "place": None, "reported_at": None, "closed_at": None, "answer": None}
    for recorded in log.stream(f"case-{invited.case_id}"):
        event = recorded.event
        if isinstance(event, CaseFiled | CaseSelfHandled):
            about |= {"title": event.title, "place": event.place, "reported_at": event.reported_at}
        elif isinstance(event, CaseClosed) and event.attempt == invited.attempt:
            about |= {"answer": event.answer, "closed_at": recorded.occurred_at}
    return about


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which feedback the asker wants to see."""

    area: Area | None = None
    satisfaction: Satisfaction | None = None
    answered: bool | None = None
    case_id: UUID | None = None
    after: str | None = None
    limit: int = 50


_LIST = """
SELECT feedback_id, case_id, number, area, attempt, invited_at, expires_at, answered_at, resolved, satisfaction, words,
       wants_reopening
FROM feedback
WHERE {conditions}
ORDER BY invited_at DESC, feedback_id DESC
LIMIT %(limit)s
"""


def feedback_list(rows: Rows, asker: Asker, wanted: Wanted) -> Json:
    """What was asked and answered, newest question first. Raises Forbidden for an area that is not the asker's."""
    if wanted.area is not None:
        permission.require(asker, action_area=wanted.area)
    conditions, values = _conditions(wanted, wanted.area or asker.area)
    found = rows.query(
        _LIST.format(conditions=" AND ".join(conditions) or "true"), {**values, "limit": wanted.limit + 1}
    )
    page = found[: wanted.limit]
    next_after = place(page[-1]["invited_at"], page[-1]["feedback_id"]) if len(found) > wanted.limit else None
    return {"feedback": page, "next_after": next_after}


def _conditions(wanted: Wanted, area: Area | None) -> tuple[list[str], Json]:
    conditions, values = [], dict[str, Any]()
    if area is not None:
        conditions.append("(area = %(area)s OR area LIKE %(below)s)")
        values |= {"area": area.path, "below": f"{area.path}.%"}
    if wanted.satisfaction is not None:
        conditions.append("satisfaction = %(satisfaction)s")
        values["satisfaction"] = wanted.satisfaction.value
    if wanted.answered is not None:
        conditions.append("answered_at IS NOT NULL" if wanted.answered else "answered_at IS NULL")
    if wanted.case_id is not None:
        conditions.append("case_id = %(case_id)s::uuid")
        values["case_id"] = str(wanted.case_id)
    if wanted.after is not None:
        after_at, after_id = read_place(wanted.after)
        values |= {"after_at": after_at or "infinity", "after_id": str(after_id)}
        conditions.append("(invited_at, feedback_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)")
    return conditions, values
