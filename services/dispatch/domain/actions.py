"""What the asker may do with a case next, and why not the rest: found by asking the decisions themselves.

There is no second list of rules: each command is tried on the case with filled-in texts, and what it refuses is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.dispatch.domain import decisions, returns
from services.dispatch.domain.case import Case
from services.dispatch.domain.responsibility import Assignment
from shared.contracts.case import ReturnKind
from shared.contracts.envelope import Actor
from shared.kernel.errors import Refused, WujiError
from shared.kernel.wording import Wording

_SOME_TEXT = "…"
_SOMEWHERE = Wording(_SOME_TEXT, _SOME_TEXT)
_SOME_DEPARTMENT = Assignment(
    department=_SOME_TEXT,
    co_handlers=(),
    rule=None,
    because=_SOMEWHERE,
    limit=None,
    due_at=None,
    due_because=_SOMEWHERE,
    automatic=False,
)

_SOME_RETURN = returns.Wish(kind=ReturnKind.NOTHING_TO_DO, reason=_SOME_TEXT)

Trial = Callable[[Case, Actor, datetime], object]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be tried on a case: the last part of its door's path, and its Chinese name."""

    name: str
    zh: str
    trial: Trial


ACTIONS: tuple[Action, ...] = (
    Action("dispatch", "派遣", lambda case, by, _: decisions.dispatch(case, by, _SOME_DEPARTMENT)),
    Action("sign", "签收", lambda case, by, _: decisions.sign(case, by)),
    Action(
        "return",
        "退回",
        lambda case, by, _: returns.ask(case, by, _SOME_RETURN),
    ),
    Action("respond", "反馈", lambda case, by, at: decisions.respond(case, by, _SOME_TEXT, (), at)),
    Action("close", "结案", lambda case, by, _: decisions.close(case, by, _SOME_TEXT)),
    Action("reopen", "重办", lambda case, by, _: decisions.reopen(case, by, _SOME_TEXT)),
    Action("archive", "归档", lambda case, by, _: decisions.archive(case, by)),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the asker may do it now; if not, which rule says so, in words."""

    action: Action
    allowed: bool
    rule: str | None = None
    why_not: str | None = None


def answers(case: Case, by: Actor, at: datetime) -> tuple[Answer, ...]:
    """One answer for every action, in the order in which a case meets them."""
    return tuple(_answer(action, case, by, at) for action in ACTIONS)


def _answer(action: Action, case: Case, by: Actor, at: datetime) -> Answer:
    try:
        action.trial(case, by, at)
    except Refused as refusal:
        return Answer(action, False, refusal.rule, str(refusal))
    except WujiError as refusal:
        return Answer(action, False, "permission", str(refusal))
    return Answer(action, True)
