"""Every command of a case, as tests try them: where it can be given, by whom, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.dispatch import handlers
from services.dispatch.domain import extensions, returns, suspensions
from services.dispatch.domain.answers import Answer
from services.dispatch.domain.evolve import evolve
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.admission import AdmissionApplied, AdmissionApproved, AdmissionDrafted, DemandKind
from shared.contracts.case import Loop, ReturnKind
from shared.contracts.clock import Stage
from shared.contracts.rulebook import LimitDefined
from shared.contracts.shapes import Limit, Unit
from shared.handling import Cause, begin, fold
from shared.kernel.ids import derived_id
from shared.ports import Appended, EventLog
from shared.security.permission import Asker
from tests.support.cases import (
    CHIEF,
    DISPATCHER,
    DISTRICT,
    LINES,
    SANITATION,
    SUPERVISOR,
    THURSDAY,
    TO,
    URBAN,
    Story,
    cause,
    filed,
)

BOOK = Rulebook.of(
    (
        *LINES,
        LimitDefined(
            rule="stop-work",
            stage=Stage.HANDLE,
            issue_type="E-01",
            area="530103",
            urgency=None,
            loop=None,
            condition="stop_work",
            condition_name="停止施工",
            limit=Limit(2, Unit.WORKING_HOURS),
        ),
    )
)
LEADER = Asker("l.wang", "leader", DISTRICT)
ADMISSION = derived_id("admission", "tests")
EARLIER = THURSDAY - timedelta(days=2)

Do = Callable[[EventLog, UUID, Asker, Cause], Appended]


def last_request(log: EventLog, case_id: UUID) -> UUID:
    """The last request that was made, whether it was decided or not."""
    case = fold(log.stream(f"case-{case_id}"), evolve)
    return derived_id("request", case_id, 0 if case is None else case.requested)


def added_task(log: EventLog, case_id: UUID) -> UUID:
    """The last task that was added beside a lead's; one that nobody has when there is none."""
    found = [one.event.task_id for one in log.stream(f"case-{case_id}") if one.type == "task.added"]
    return UUID(str((found or [derived_id("nothing")])[-1]))


def earlier_case(log: Any, case_id: UUID) -> UUID:
    """The other case of the log."""
    others = [found.event.case_id for found in log.events if found.type == "case.filed"]
    return next((other for other in others if other != case_id), case_id)


# --- what each one does -----------------------------------------------------------------------------------------


def dispatch(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.dispatch(log, BOOK, case_id, asker, why, department="urban", reason="就近处置")


def respond(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.respond(log, BOOK, case_id, asker, why, Answer(answer="已清运"))


def complete_stage(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.complete_stage(log, BOOK, case_id, asker, why, stage="stop_work", words="已停工")


def close(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.close(log, case_id, asker, why, answer="已办结")


def reopen(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.reopen(log, case_id, asker, why, reason="抽查发现仍有垃圾")


def ask_return(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    wish = returns.Wish(kind=ReturnKind.WRONG_DEPARTMENT, reason="不归我们管", believed_responsible="water")
    return handlers.ask_return(log, BOOK, case_id, asker, why, wish)


def ask_extension(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    wish = extensions.Wish(limit=Limit(2, Unit.WORKING_HOURS), reason="需要吊车")
    return handlers.ask_extension(log, BOOK, case_id, asker, why, wish)


def ask_suspension(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    wish = suspensions.Wish(reason="等待汛期结束", review_on=(why.at + timedelta(days=30)).date())
    return handlers.ask_suspension(log, BOOK, case_id, asker, why, wish)


def approve(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.approve(log, BOOK, case_id, asker, why, request_id=last_request(log, case_id))


def refuse(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.refuse(log, case_id, asker, why, request_id=last_request(log, case_id), reason="应由你部门办理")


def resume(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.resume(log, BOOK, case_id, asker, why, reason="汛期结束")


def add_task(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    wish = handlers.PartWish(department="water", what="疏通管道")
    return handlers.add_task(log, BOOK, case_id, asker, why, wish)


def split(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    parts = (
        handlers.PartWish(department="water", what="疏通管道"),
        handlers.PartWish(department="urban", what="维护秩序", mandatory=False),
    )
    return handlers.split(log, BOOK, case_id, asker, why, parts=parts, reason="两家的事")


def withdraw(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    task_id = added_task(log, case_id)
    return handlers.withdraw_task(log, BOOK, case_id, asker, why, task_id=task_id, reason="无须协办")


def raise_level(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.raise_level(log, case_id, asker, why, to=None, reason="街道无力解决")


def lower_level(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    told = {"to": Loop.COMMUNITY, "reason": "社区可办", "admission_id": ADMISSION}
    return handlers.lower_level(log, case_id, asker, why, **told)  # type: ignore[arg-type]  # by name


def transfer_out(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.transfer_out(log, case_id, asker, why, to="kunming-12345", reason="市管道路", receipt_due_at=None)


def receipt(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.receipt(log, case_id, asker, why, number="KM-17")


def merge(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.merge(log, case_id, asker, why, into=earlier_case(getattr(log, "inner", log), case_id))


def reject(log: EventLog, case_id: UUID, asker: Asker, why: Cause) -> Appended:
    return handlers.reject(log, case_id, asker, why, reason_code="nothing_there", reason="现场没有问题")


# --- where they can be given ------------------------------------------------------------------------------------


def with_admission(story: Story) -> Story:
    """An admission that is in force in the whole district, on the story's log."""
    period = {"valid_from": THURSDAY - timedelta(days=1), "valid_until": THURSDAY + timedelta(days=90)}
    drafted = AdmissionDrafted(
        admission_id=ADMISSION,
        department="urban",
        matter="共享单车秩序",
        legal_basis="市容条例第 20 条",
        scope=("530103",),
        kinds=(DemandKind.TASK,),
        forms=(),
        funding="每案 50 元",
        headcount=1,
        already_known=None,
        **period,
    )
    applied = AdmissionApplied(
        admission_id=ADMISSION, department="urban", decide_by=THURSDAY, due_because="-", is_short_notice=False
    )
    approved = AdmissionApproved(
        admission_id=ADMISSION,
        department="urban",
        matter="共享单车秩序",
        scope=("530103",),
        kinds=(DemandKind.TASK,),
        reason=None,
        **period,
    )
    events = (drafted, applied, approved)
    begin(story.log, f"admission-{ADMISSION}", events, cause(CHIEF), area=DISTRICT, correlation_id=ADMISSION)
    return story


def with_earlier(story: Story) -> Story:
    """An earlier case of the same kind, on the story's log."""
    filed("E-09-01", story.log, EARLIER)
    return story


PLACES: dict[str, Callable[[], Story]] = {
    **TO,
    "return_asked": lambda: TO["handling"]().return_asked(),
    "nothing_asked": lambda: TO["handling"]().return_asked(ReturnKind.NOTHING_TO_DO),
    "extension_asked": lambda: TO["handling"]().extension_asked(),
    "long_extension_asked": lambda: TO["handling"]().extension_asked(60),
    "suspension_asked": lambda: TO["handling"]().suspension_asked(),
    "helped": lambda: TO["handling"]().helped(),
}


@dataclass(frozen=True)
class Command:
    """One command, where it can be given, by whom, and what comes of it."""

    name: str
    event: str
    """Its line in the table."""
    do: Do
    asker: Asker
    start: str
    happened: tuple[str, ...]
    rule: str
    wrong_start: str
    wrong_asker: Asker
    path: str = ""
    """Its door's, where that is not the name."""
    prepare: Callable[[Story], Story] = lambda story: story
    only: frozenset[str] = frozenset()
    """Where what was asked for narrows down who may decide."""
    by_tier: bool = False
    """Whether it takes somebody of the tier that owns the case."""
    about: str = "case"
    """What it is about: the case itself, the asker's own task, a request, another's task."""

    def story(self, start: str | None = None) -> Story:
        return self.prepare(PLACES[start or self.start]())


def _deciding(name: str, event: str, asker: Asker, start: str, rule: str, wrong: Asker, **more: Any) -> Command:
    return Command(name, event, approve, asker, start, (event,), rule, "-", wrong, "approve", about="request", **more)


COMMANDS = (
    Command(
        "dispatch",
        "case.dispatched",
        dispatch,
        DISPATCHER,
        "filed",
        ("case.dispatched",),
        "case.not_dispatchable",
        "handling",
        CHIEF,
    ),
    Command(
        "recall",
        "case.dispatch_recalled",
        handlers.recall,
        DISPATCHER,
        "dispatched",
        ("case.dispatch_recalled",),
        "case.not_recallable",
        "handling",
        CHIEF,
    ),
    Command(
        "sign",
        "task.signed",
        handlers.sign,
        SANITATION,
        "dispatched",
        ("task.signed",),
        "task.not_signable",
        "checking",
        URBAN,
        about="own task",
    ),
    Command(
        "start",
        "task.started",
        handlers.start,
        SANITATION,
        "handling",
        ("task.started",),
        "task.not_startable",
        "dispatched",
        URBAN,
        about="own task",
    ),
    Command(
        "stages",
        "task.stage_completed",
        complete_stage,
        SANITATION,
        "handling",
        ("task.stage_completed",),
        "task.not_in_hand",
        "dispatched",
        URBAN,
        about="own task",
    ),
    Command(
        "respond",
        "task.responded",
        respond,
        SANITATION,
        "handling",
        ("task.responded", "case.sent_to_check"),
        "task.not_answerable",
        "dispatched",
        URBAN,
        about="own task",
    ),
    Command(
        "close",
        "case.closed",
        close,
        CHIEF,
        "cleared",
        ("case.closed",),
        "case.not_closable",
        "handling",
        DISPATCHER,
        by_tier=True,
    ),
    Command(
        "reopen",
        "case.reopened",
        reopen,
        SUPERVISOR,
        "closed",
        ("case.reopened",),
        "case.not_reopenable",
        "handling",
        DISPATCHER,
    ),
    Command(
        "archive",
        "case.archived",
        handlers.archive,
        CHIEF,
        "closed",
        ("case.archived",),
        "case.not_archivable",
        "cleared",
        DISPATCHER,
    ),
    Command(
        "return",
        "return.requested",
        ask_return,
        SANITATION,
        "handling",
        ("return.requested",),
        "task.not_returnable",
        "checking",
        URBAN,
        about="own task",
    ),
    Command(
        "extension",
        "extension.requested",
        ask_extension,
        SANITATION,
        "handling",
        ("extension.requested",),
        "task.not_extendable",
        "checking",
        URBAN,
        about="own task",
    ),
    Command(
        "suspension",
        "suspension.requested",
        ask_suspension,
        SANITATION,
        "handling",
        ("suspension.requested",),
        "case.not_suspendable",
        "dispatched",
        URBAN,
        about="own task",
    ),
    _deciding(
        "approve a return",
        "task.returned",
        DISPATCHER,
        "return_asked",
        "return.not_approvable",
        CHIEF,
        only=frozenset({"dispatcher"}),
    ),
    _deciding(
        "approve that there is nothing to do",
        "task.returned",
        CHIEF,
        "nothing_asked",
        "return.not_approvable",
        DISPATCHER,
        only=frozenset({"duty_chief"}),
    ),
    _deciding(
        "approve a short extension",
        "extension.approved",
        CHIEF,
        "extension_asked",
        "extension.not_approvable",
        DISPATCHER,
    ),
    _deciding(
        "approve a long extension",
        "extension.approved",
        LEADER,
        "long_extension_asked",
        "extension.not_approvable",
        CHIEF,
        only=frozenset({"leader"}),
    ),
    _deciding(
        "approve a suspension",
        "case.suspended",
        CHIEF,
        "suspension_asked",
        "suspension.not_approvable",
        DISPATCHER,
    ),
    Command(
        "refuse",
        "suspension.refused",
        refuse,
        CHIEF,
        "suspension_asked",
        ("suspension.refused",),
        "suspension.not_refusable",
        "-",
        DISPATCHER,
        about="request",
    ),
    Command(
        "resume",
        "case.resumed",
        resume,
        CHIEF,
        "suspended",
        ("case.resumed",),
        "case.not_suspended",
        "handling",
        DISPATCHER,
    ),
    Command(
        "tasks",
        "task.added",
        add_task,
        DISPATCHER,
        "handling",
        ("task.added",),
        "case.not_at_work",
        "checking",
        SANITATION,
    ),
    Command(
        "split",
        "case.split",
        split,
        DISPATCHER,
        "handling",
        ("case.split", "task.added", "task.added"),
        "case.not_at_work",
        "closed",
        SANITATION,
    ),
    Command(
        "withdraw",
        "task.withdrawn",
        withdraw,
        DISPATCHER,
        "helped",
        ("task.withdrawn",),
        "task.not_withdrawable",
        "-",
        SANITATION,
        about="another's task",
    ),
    Command(
        "raise",
        "case.level_raised",
        raise_level,
        CHIEF,
        "handling",
        ("case.level_raised",),
        "case.not_raisable",
        "checking",
        SANITATION,
        by_tier=True,
    ),
    Command(
        "lower",
        "case.level_lowered",
        lower_level,
        CHIEF,
        "filed",
        ("case.level_lowered",),
        "case.not_lowerable",
        "handling",
        SANITATION,
        prepare=with_admission,
        by_tier=True,
    ),
    Command(
        "transfer-out",
        "case.transferred_out",
        transfer_out,
        CHIEF,
        "handling",
        ("case.transferred_out",),
        "case.not_transferable",
        "checking",
        DISPATCHER,
    ),
    Command(
        "receipt",
        "transfer.receipted",
        receipt,
        DISPATCHER,
        "transferred_out",
        ("transfer.receipted",),
        "case.not_transferred",
        "handling",
        SANITATION,
    ),
    Command(
        "merge",
        "case.merged",
        merge,
        DISPATCHER,
        "filed",
        ("case.merged",),
        "case.not_mergeable",
        "handling",
        CHIEF,
        prepare=with_earlier,
    ),
    Command(
        "unmerge",
        "case.unmerged",
        handlers.unmerge,
        DISPATCHER,
        "merged",
        ("case.unmerged",),
        "case.not_merged",
        "handling",
        CHIEF,
    ),
    Command(
        "reject",
        "case.rejected",
        reject,
        CHIEF,
        "returned",
        ("case.rejected",),
        "case.not_rejectable",
        "handling",
        DISPATCHER,
    ),
)
"""Every command of the case's own doors; those of the pool, of disputes and whistles have tables of their own."""
