"""Dispatch's doors and ears: the only file here that knows nameko."""

from __future__ import annotations

from uuid import UUID

from services.dispatch import handlers, reactions
from services.dispatch.queries import case as case_queries
from services.dispatch.queries import rulebook as rulebook_queries
from services.dispatch.queries.work_list import Wanted, work_list
from services.dispatch.rulebooks import ProjectedRulebooks, RulebookMemory
from services.dispatch.schemas import (
    CalendarAnswer,
    CaseAnswer,
    CloseBody,
    DepartmentsAnswer,
    DispatchBody,
    ExplainAnswer,
    ExplainQuery,
    IssueTypesAnswer,
    ReopenBody,
    RespondBody,
    ResponsibilitiesAnswer,
    ReturnBody,
    WorkListAnswer,
    WorkListQuery,
)
from shared.contracts.check import CheckFailed, CheckPassed
from shared.contracts.envelope import Recorded
from shared.contracts.feedback import FeedbackRecorded
from shared.contracts.report import ReportAccepted
from shared.entrypoints.on import on
from shared.entrypoints.providers import Log, Tables
from shared.kernel.case_states import sources
from shared.kernel.clock import utc_now
from shared.ports import Appended
from shared.security.permission import ROLES
from shared.web.call import ANYONE, SIGNED_IN, Call, Reply
from shared.web.door import door

CASES = "/api/v1/cases"
CASE = f"{CASES}/<uuid:case_id>"


def _roles(event: str) -> tuple[str, ...]:
    """Who may cause the event somewhere: the table says so."""
    return tuple(sorted({role for move in sources(event) for role in move.roles} & ROLES))


class DispatchService:
    """指挥派遣, 处理反馈, 结案归档: from an accepted report to a closed case."""

    name = "dispatch"
    log = Log()
    rows = Tables()
    memory = RulebookMemory()

    @property
    def rulebooks(self) -> ProjectedRulebooks:
        return self.memory.of(self.rows)

    # --- one case -----------------------------------------------------------------------------------------------

    @door("GET", CASE, summary="One case, with what you may do", answer=CaseAnswer)
    def case(self, call: Call) -> Reply:
        """As it stands this moment; every action says whether you may take it, and if not, why."""
        return self._case(call)

    @door(
        "POST",
        f"{CASE}/dispatch",
        summary="Give it to a department",
        body=DispatchBody,
        answer=CaseAnswer,
        roles=_roles("case.dispatched"),
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
        return self._after(call, done)

    @door("POST", f"{CASE}/sign", summary="Take the task on", answer=CaseAnswer, roles=_roles("task.signed"))
    def sign(self, call: Call) -> Reply:
        """签收: only the department that has the task."""
        return self._after(call, handlers.sign(self.log, call.path["case_id"], call.signed_in, call.cause()))

    @door(
        "POST",
        f"{CASE}/return",
        summary="Give the task back",
        body=ReturnBody,
        answer=CaseAnswer,
        roles=_roles("task.returned"),
    )
    def return_task(self, call: Call) -> Reply:
        """退回: with the reason, and the department whose it is."""
        done = handlers.return_task(
            self.log,
            self.rulebooks.current(call.at),
            call.path["case_id"],
            call.signed_in,
            call.cause(),
            kind=call.body["kind"],
            reason=call.body["reason"],
            believed_responsible=call.body["believed_responsible"],
        )
        return self._after(call, done)

    @door(
        "POST",
        f"{CASE}/respond",
        summary="Say what was done",
        body=RespondBody,
        answer=CaseAnswer,
        roles=("department",),
    )
    def respond(self, call: Call) -> Reply:
        """反馈: the answer of the department; somebody else is then to look."""
        answer, evidence = call.body["answer"], tuple(call.body["evidence"])
        done = handlers.respond(
            self.log, call.path["case_id"], call.signed_in, call.cause(), answer=answer, evidence=evidence
        )
        return self._after(call, done)

    @door(
        "POST",
        f"{CASE}/close",
        summary="Close the case",
        body=CloseBody,
        answer=CaseAnswer,
        roles=_roles("case.closed"),
    )
    def close(self, call: Call) -> Reply:
        """结案: only after the check was passed; the answer is what the reporter is told."""
        answer = call.body["answer"]
        return self._after(
            call, handlers.close(self.log, call.path["case_id"], call.signed_in, call.cause(), answer=answer)
        )

    @door(
        "POST",
        f"{CASE}/reopen",
        summary="Bring a closed case back",
        body=ReopenBody,
        answer=CaseAnswer,
        roles=_roles("case.reopened"),
    )
    def reopen(self, call: Call) -> Reply:
        """重办: never without words."""
        reason = call.body["reason"]
        return self._after(
            call, handlers.reopen(self.log, call.path["case_id"], call.signed_in, call.cause(), reason=reason)
        )

    @door("POST", f"{CASE}/archive", summary="Archive the case", answer=CaseAnswer, roles=_roles("case.archived"))
    def archive(self, call: Call) -> Reply:
        """归档: nothing more may happen to it."""
        return self._after(call, handlers.archive(self.log, call.path["case_id"], call.signed_in, call.cause()))

    def _after(self, call: Call, done: Appended) -> Reply:
        call.note(version=done.version, repeated=done.repeated)
        return self._case(call)

    def _case(self, call: Call) -> Reply:
        case_id: UUID = call.path["case_id"]
        call.note(case_id=case_id)
        return Reply(case_queries.one_case(self.log, case_id, call.signed_in, call.at))

    # --- lists and the rulebook ---------------------------------------------------------------------------------

    @door("GET", CASES, summary="The work list", query=WorkListQuery, answer=WorkListAnswer, roles=SIGNED_IN)
    def work_list(self, call: Call) -> Reply:
        """Cases that wait for somebody, nearest due time first; a department sees its own."""
        asked = call.query
        wanted = Wanted(
            department=asked["department"],
            states=tuple(asked["state"]),
            area=asked["area"],
            overdue=asked["overdue"],
            after=asked["after"],
            limit=asked["limit"],
        )
        return Reply(work_list(self.rows, call.signed_in, wanted, call.at))

    @door("GET", "/api/v1/departments", summary="Departments", answer=DepartmentsAnswer, roles=ANYONE)
    def departments(self, call: Call) -> Reply:
        """Who handles cases."""
        return Reply(rulebook_queries.departments(self.rulebooks.current(call.at)))

    @door("GET", "/api/v1/issue-types", summary="Issue types", answer=IssueTypesAnswer, roles=ANYONE)
    def issue_types(self, call: Call) -> Reply:
        """Kinds of issues, with the time that each may take."""
        return Reply(rulebook_queries.issue_types(self.rulebooks.current(call.at)))

    @door("GET", "/api/v1/responsibilities", summary="Who does what", answer=ResponsibilitiesAnswer, roles=ANYONE)
    def responsibilities(self, call: Call) -> Reply:
        """The responsibility list 权责清单."""
        return Reply(rulebook_queries.responsibilities(self.rulebooks.current(call.at)))

    @door(
        "GET",
        "/api/v1/responsibilities/explain",
        summary="Why this department?",
        query=ExplainQuery,
        answer=ExplainAnswer,
        roles=ANYONE,
    )
    def explain(self, call: Call) -> Reply:
        """Which line would choose the department for this issue in this place now, and until when."""
        issue_type, area = call.query["issue_type"], call.query["area"]
        return Reply(rulebook_queries.explain(self.rulebooks.current(call.at), issue_type, area, call.at))

    @door("GET", "/api/v1/calendar", summary="The working calendar", answer=CalendarAnswer, roles=ANYONE)
    def calendar(self, call: Call) -> Reply:
        """Working hours, holidays and swap days 调休 of every published year."""
        return Reply(rulebook_queries.calendar(self.rulebooks.current(call.at)))

    # --- what it hears ------------------------------------------------------------------------------------------

    @on(ReportAccepted)
    def file_report(self, recorded: Recorded[ReportAccepted]) -> None:
        """立案, and 派遣 where the list is automatic."""
        reactions.file_report(recorded, self.log, self.rulebooks, consumer="dispatch.file_report", at=utc_now())

    @on(CheckPassed)
    def clear_to_close(self, recorded: Recorded[CheckPassed]) -> None:
        """核查通过."""
        reactions.clear_to_close(recorded, self.log, consumer="dispatch.clear_to_close", at=utc_now())

    @on(CheckFailed)
    def order_rework(self, recorded: Recorded[CheckFailed]) -> None:
        """返工."""
        reactions.order_rework(recorded, self.log, consumer="dispatch.order_rework", at=utc_now())

    @on(FeedbackRecorded)
    def reopen_on_feedback(self, recorded: Recorded[FeedbackRecorded]) -> None:
        """重办, on the reporter's word."""
        reactions.reopen(recorded, self.log, consumer="dispatch.reopen_on_feedback", at=utc_now())
