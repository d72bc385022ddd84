"""The doors of the straight road: dispatch and taking it back, sign, start, stages, respond, close, reopen, archive."""

from __future__ import annotations

from services.dispatch import handlers
from services.dispatch.domain.answers import Answer
from services.dispatch.doors.base import CASE, CaseDoors, roles_of
from services.dispatch.schemas.bodies import (
    CaseQuery,
    CloseBody,
    DispatchBody,
    ReopenBody,
    RespondBody,
    StageBody,
    TaskQuery,
)
from services.dispatch.schemas.case import CaseAnswer
from shared.web.call import Call, Reply
from shared.web.door import door


class RoadDoors(CaseDoors):
    """What DispatchService inherits."""

    @door("GET", CASE, summary="One case, with what you may do", query=CaseQuery, answer=CaseAnswer)
    def case(self, call: Call) -> Reply:
        """As it stands this moment; every action says whether you may take it, and if not, why."""
        return self.one_case(call)

    @door(
        "POST",
        f"{CASE}/dispatch",
        summary="Give it to a department",
        body=DispatchBody,
        answer=CaseAnswer,
        roles=roles_of("case.dispatched"),
    )
    def dispatch(self, call: Call) -> Reply:
        """派遣: the proposal of the responsibility list, or a department chosen by hand with a reason."""
        asked = call.body
        done = handlers.dispatch(
            self.log,
            self.rulebooks.current(call.at),
            call.path["case_id"],
            call.signed_in,
            call.cause(),
            department=asked["department"],
            co_handlers=tuple(asked["co_handlers"]),
            reason=asked["reason"] or "",
        )
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/recall",
        summary="Take the dispatch back",
        answer=CaseAnswer,
        roles=roles_of("case.dispatch_recalled"),
    )
    def recall(self, call: Call) -> Reply:
        """撤回派遣: within 60 seconds, while nobody has signed. It then stands where it stood, and nothing counts."""
        return self.after(call, handlers.recall(self.log, call.path["case_id"], call.signed_in, call.cause()))

    @door(
        "POST",
        f"{CASE}/sign",
        summary="Take the task on",
        query=TaskQuery,
        answer=CaseAnswer,
        roles=roles_of("task.signed"),
    )
    def sign(self, call: Call) -> Reply:
        """签收: only the department that has the task."""
        case_id, task_id = call.path["case_id"], call.query["task_id"]
        return self.after(call, handlers.sign(self.log, case_id, call.signed_in, call.cause(), task_id=task_id))

    @door(
        "POST",
        f"{CASE}/start",
        summary="Say that work has begun",
        query=TaskQuery,
        answer=CaseAnswer,
        roles=roles_of("task.started"),
    )
    def start(self, call: Call) -> Reply:
        """开始处置."""
        case_id, task_id = call.path["case_id"], call.query["task_id"]
        return self.after(call, handlers.start(self.log, case_id, call.signed_in, call.cause(), task_id=task_id))

    @door(
        "POST",
        f"{CASE}/stages",
        summary="Say that a stage of the work is done",
        body=StageBody,
        answer=CaseAnswer,
        roles=roles_of("task.stage_completed"),
    )
    def complete_stage(self, call: Call) -> Reply:
        """完成阶段: a closing condition on the way that has a limit of its own."""
        book = self.rulebooks.current(call.at)
        done = handlers.complete_stage(self.log, book, call.path["case_id"], call.signed_in, call.cause(), **call.body)
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/respond",
        summary="Say what was done",
        body=RespondBody,
        answer=CaseAnswer,
        roles=roles_of("task.responded"),
    )
    def respond(self, call: Call) -> Reply:
        """反馈: what was done. When all mandatory tasks are answered, somebody else looks, where the sample says so."""
        asked = call.body
        said = Answer(answer=asked["answer"], evidence=tuple(asked["evidence"]), task_id=asked["task_id"])
        book = self.rulebooks.current(call.at)
        done = handlers.respond(self.log, book, call.path["case_id"], call.signed_in, call.cause(), said)
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/close",
        summary="Close the case",
        body=CloseBody,
        answer=CaseAnswer,
        roles=roles_of("case.closed"),
    )
    def close(self, call: Call) -> Reply:
        """结案: only after the check was passed; the answer is what the reporter is told."""
        answer = call.body["answer"]
        return self.after(
            call, handlers.close(self.log, call.path["case_id"], call.signed_in, call.cause(), answer=answer)
        )

    @door(
        "POST",
        f"{CASE}/reopen",
        summary="Bring a closed case back",
        body=ReopenBody,
        answer=CaseAnswer,
        roles=roles_of("case.reopened"),
    )
    def reopen(self, call: Call) -> Reply:
        """重办: never without words."""
        reason = call.body["reason"]
        return self.after(
            call, handlers.reopen(self.log, call.path["case_id"], call.signed_in, call.cause(), reason=reason)
        )

    @door("POST", f"{CASE}/archive", summary="Archive the case", answer=CaseAnswer, roles=roles_of("case.archived"))
    def archive(self, call: Call) -> Reply:
        """归档: nothing more may happen to it."""
        return self.after(call, handlers.archive(self.log, call.path["case_id"], call.signed_in, call.cause()))
