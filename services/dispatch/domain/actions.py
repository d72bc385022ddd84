"""What the asker may do with a case next, and why not the rest: found by asking the decisions themselves.

There is no second list of rules: each command is tried on the case with filled-in texts, and what it refuses is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.dispatch.domain import answers as working
from services.dispatch.domain import (
    decisions,
    disputes,
    extensions,
    moves,
    pool,
    recall,
    requests,
    returns,
    suspensions,
    tasks,
    whistles,
)
from services.dispatch.domain.case import Case
from services.dispatch.domain.guards import is_own
from services.dispatch.domain.requests import Now
from services.dispatch.domain.responsibility import Assignment
from services.dispatch.domain.sampling import ALL
from shared.contracts.case import Loop, ReturnKind
from shared.contracts.rulebook import CalendarPublished
from shared.contracts.shapes import Limit, Unit
from shared.kernel.case_states import State
from shared.kernel.errors import NotFound, Refused, WujiError
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar
from shared.kernel.working_time import Due
from shared.security.permission import Asker

_SOME_TEXT = "…"
_SOMEWHERE = Wording(_SOME_TEXT, _SOME_TEXT)
_SOME_ID = UUID(int=0)
_SOME_RETURN = returns.Wish(kind=ReturnKind.NOTHING_TO_DO, reason=_SOME_TEXT)
# Whether something may be done depends on no calendar; until when it would have to be done is not shown here.
_SOME_CALENDAR = Calendar.of(
    [
        CalendarPublished(
            year=2026,
            version=1,
            zone="Asia/Shanghai",
            windows=("09:00-12:00", "14:00-18:00"),
            half_day_windows=("09:00-12:00",),
            cutoff="17:00",
            holidays=(),
            swap_days=(),
            half_days=(),
        )
    ]
)


@dataclass(frozen=True, slots=True)
class Known:
    """What some commands ask of others than the case, asked here only when everything else allows them. Whoever knows
    nothing of it passes nothing: then it is taken to be there."""

    stages: Callable[[Case], Mapping[str, str]] = lambda _: {_SOME_TEXT: _SOME_TEXT}
    """The closing conditions on its way: code → name."""
    admission: Callable[[], object] = lambda: None
    """Raises Refused when no admission is in force where the case lies."""
    place: Callable[[Case], object] = lambda _: None
    """Raises Refused when the volunteer has as much in hand as the rules allow."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is tried, until when the reporter of a closed case may still answer, and when it was last dispatched."""

    at: datetime
    asked_until: datetime | None = None
    dispatched_at: datetime | None = None
    known: Known = Known()

    @property
    def now(self) -> Now:
        return Now(at=self.at, calendar=_SOME_CALENDAR)


Trial = Callable[[Case, Asker, Moment], object]
TaskTrial = Callable[[Case, Asker, Moment, UUID | None], object]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be tried on a case: its name, its Chinese name, and its door's path below the case's."""

    name: str
    zh: str
    trial: Trial
    path: str = ""
    """Where it is not the name."""

    @property
    def door(self) -> str:
        return self.path or self.name


def on_own_task(trial: TaskTrial) -> Trial:
    """It may be done when it may be done to one of the asker's own tasks."""

    def tried(case: Case, by: Asker, moment: Moment) -> object:
        own: list[UUID | None] = [task.task_id for task in case.tasks.values() if is_own(task, by)]
        refusal: WujiError | None = None
        for task_id in own or [None]:
            try:
                return trial(case, by, moment, task_id)
            except WujiError as error:
                refusal = refusal or error
        raise refusal or AssertionError("there is always one try")

    return tried


def _some_assignment(case: Case) -> Assignment:
    return Assignment(
        department=case.adjudicated or _SOME_TEXT,
        co_handlers=(),
        rule=None,
        because=_SOMEWHERE,
        limit=None,
        due_at=None,
        due_because=_SOMEWHERE,
        automatic=False,
    )


def _some_part(case: Case) -> tasks.Part:
    return tasks.Part(assignment=replace(_some_assignment(case), department=_SOME_TEXT), what=_SOME_TEXT)


def _an_earlier_case(case: Case) -> Case:
    filed = replace(case.filed, case_id=_SOME_ID, reported_at=datetime.min.replace(tzinfo=UTC))
    return Case(filed=filed, state=State.FILED, loop=case.loop)


def _lower(case: Case, by: Asker, moment: Moment) -> object:
    below = Loop.COMMUNITY if case.loop is not Loop.DISTRICT else Loop.STREET
    return moves.lower_level(case, by, below, _SOME_TEXT, _SOME_ID), moment.known.admission()


def _claim(case: Case, by: Asker, moment: Moment) -> object:
    return pool.claim(case, by, _SOME_ID, moment.at), moment.known.place(case)


def _complete_stage(case: Case, by: Asker, moment: Moment, task_id: UUID | None) -> object:
    known = moment.known.stages(case)
    task = None if task_id is None else case.tasks.get(task_id)
    left = [stage for stage in known if task is None or stage not in task.stages]
    stage = next(iter(left or known), _SOME_TEXT)
    return working.complete_stage(
        case, by, working.StageDone(stage=stage, words=_SOME_TEXT, known=known, task_id=task_id)
    )


def _extend(case: Case, by: Asker, moment: Moment, task_id: UUID | None) -> object:
    wish = extensions.Wish(limit=Limit(1, Unit.URGENT_HOURS), reason=_SOME_TEXT, task_id=task_id)
    return extensions.ask(case, by, wish, moment.at, _SOME_CALENDAR)


def _suspend(case: Case, by: Asker, moment: Moment) -> object:
    today = _SOME_CALENDAR.local(moment.at).date()
    wish = suspensions.Wish(reason=_SOME_TEXT, review_on=today + timedelta(days=1))
    return suspensions.ask(case, by, wish, today)


def _resume(case: Case, by: Asker, moment: Moment) -> object:
    since = {} if case.suspension is None else {case.suspension.request_id: moment.at}
    return suspensions.resume(case, by, _SOME_TEXT, moment.at, since, _SOME_CALENDAR)


def _respond(case: Case, by: Asker, moment: Moment, task_id: UUID | None) -> object:
    said = working.Answer(answer=_SOME_TEXT, task_id=task_id)
    return working.respond(case, by, said, moment.at, ALL)


_SOME_OFFER = pool.Offer(what=_SOME_TEXT, claim_hours=1)


def _some_due(moment: Moment) -> Due:
    return Due(moment.at, 0, _SOMEWHERE)


def _some_question(moment: Moment) -> disputes.Question:
    return disputes.Question(between=(_SOME_TEXT, "other"), question=_SOME_TEXT, due=_some_due(moment))


def _some_summons(moment: Moment) -> whistles.Summons:
    return whistles.Summons(departments=(_SOME_TEXT,), reason=_SOME_TEXT, due=_some_due(moment))


ROAD: tuple[Action, ...] = (
    Action("dispatch", "派遣", lambda case, by, _: decisions.dispatch(case, by, _some_assignment(case))),
    Action("recall", "撤回派遣", lambda case, by, moment: recall.recall(case, by, moment.dispatched_at, moment.at)),
    Action("sign", "签收", on_own_task(lambda case, by, _, task_id: decisions.sign(case, by, task_id))),
    Action("start", "开始处置", on_own_task(lambda case, by, _, task_id: working.start(case, by, task_id))),
    Action(
        "stages",
        "完成阶段",
        on_own_task(_complete_stage),
    ),
    Action("respond", "反馈", on_own_task(_respond)),
    Action("close", "结案", lambda case, by, _: decisions.close(case, by, _SOME_TEXT)),
    Action("reopen", "重办", lambda case, by, _: decisions.reopen(case, by, _SOME_TEXT)),
    Action("archive", "归档", lambda case, by, moment: decisions.archive(case, by, moment.asked_until)),
)
ASKING: tuple[Action, ...] = (
    Action(
        "return",
        "申请退回",
        on_own_task(lambda case, by, _, task_id: returns.ask(case, by, replace(_SOME_RETURN, task_id=task_id))),
    ),
    Action("extension", "申请延期", on_own_task(_extend)),
    Action("suspension", "申请挂账", _suspend),
    Action("resume", "恢复", _resume),
)
MORE: tuple[Action, ...] = (
    Action("tasks", "增派协办", lambda case, by, _: tasks.add(case, by, _some_part(case))),
    Action("split", "拆分", lambda case, by, _: tasks.split(case, by, (_some_part(case),), _SOME_TEXT)),
    Action("raise", "升级", lambda case, by, _: moves.raise_level(case, by, None, _SOME_TEXT)),
    Action("lower", "下沉", _lower),
    Action("merge", "并案", lambda case, by, _: moves.merge(case, by, _an_earlier_case(case))),
    Action("unmerge", "撤销并案", lambda case, by, _: moves.unmerge(case, by)),
    Action("reject", "作废", lambda case, by, _: moves.reject(case, by, _SOME_TEXT, _SOME_TEXT)),
    Action("transfer-out", "转外部", lambda case, by, _: moves.transfer_out(case, by, _SOME_TEXT, _SOME_TEXT, None)),
    Action("receipt", "登记外部回执", lambda case, by, _: moves.receipt(case, by, _SOME_TEXT)),
)
POOL: tuple[Action, ...] = (
    Action("offer", "放入抢单池", lambda case, by, _: pool.offer(case, by, _SOME_OFFER)),
    Action("claim", "领单", _claim),
    Action("release", "退单", lambda case, by, _: pool.release(case, by, _SOME_TEXT)),
    Action("take-back", "撤出抢单池", lambda case, by, _: pool.take_back(case, by, _SOME_TEXT)),
)
OTHERS: tuple[Action, ...] = (
    Action("dispute", "提出权责争议", lambda case, by, moment: disputes.open_one(case, by, _some_question(moment))),
    Action("whistles", "吹哨", lambda case, by, moment: whistles.blow(case, by, _some_summons(moment))),
)
ACTIONS: tuple[Action, ...] = (*ROAD, *ASKING, *MORE, *POOL, *OTHERS)
"""What may be tried on any case. What is about one request or one task of a case is found in `about_parts`."""


def about_parts(case: Case) -> Iterator[Action]:
    """What may be tried on each request that waits, and on each task beside the lead's; where there is none, why."""
    for request_id in case.requests or (_SOME_ID,):
        door = f"requests/{request_id if case.requests else '{request_id}'}"
        yield Action("approve", "同意", _approving(request_id), f"{door}/approve")
        yield Action("refuse", "不同意", _refusing(request_id), f"{door}/refuse")
    beside = [task.task_id for task in case.tasks.values() if not task.is_lead]
    for task_id in beside or [_SOME_ID]:
        door = f"tasks/{task_id if beside else '{task_id}'}/withdraw"
        yield Action("withdraw", "撤销协办", _withdrawing(task_id), door)
    dispute = "{dispute_id}" if case.dispute is None else case.dispute.dispute_id
    yield Action("adjudicate", "裁定", _adjudicate, f"disputes/{dispute}/adjudicate")
    for whistle_id in case.whistles or (_SOME_ID,):
        door = f"whistles/{whistle_id if case.whistles else '{whistle_id}'}/answer"
        yield Action("answer", "报到", _reporting(whistle_id), door)


def _adjudicate(case: Case, by: Asker, moment: Moment) -> object:
    return disputes.adjudicate(case, by, None, _SOME_TEXT, _SOME_TEXT, moment.at)


def _reporting(whistle_id: UUID) -> Trial:
    return lambda case, by, moment: whistles.answer(case, by, whistle_id, _SOME_TEXT, moment.at)


def _approving(request_id: UUID) -> Trial:
    return lambda case, by, moment: requests.approve(case, by, request_id, moment.now)


def _refusing(request_id: UUID) -> Trial:
    return lambda case, by, _: requests.refuse(case, by, request_id, _SOME_TEXT)


def _withdrawing(task_id: UUID) -> Trial:
    return lambda case, by, _: tasks.withdraw(case, by, task_id, _SOME_TEXT, ALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the asker may do it now; if not, which rule says so, in words."""

    action: Action
    allowed: bool
    rule: str | None = None
    why_not: str | None = None


def answers(case: Case, by: Asker, moment: Moment) -> tuple[Answer, ...]:
    """One answer for every action, in the order in which a case meets them."""
    return tuple(_answer(action, case, by, moment) for action in (*ACTIONS, *about_parts(case)))


def _answer(action: Action, case: Case, by: Asker, moment: Moment) -> Answer:
    try:
        action.trial(case, by, moment)
    except Refused as refusal:
        return Answer(action, False, refusal.rule, str(refusal))
    except NotFound as refusal:
        return Answer(action, False, "nothing_there", str(refusal))
    except WujiError as refusal:
        return Answer(action, False, "permission", str(refusal))
    return Answer(action, True)
