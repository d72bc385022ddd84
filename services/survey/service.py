"""Survey's doors and ears: the only file here that knows nameko."""

from __future__ import annotations

from typing import Any

from services.survey import handlers, reactions
from services.survey.domain.feedback import Verdict
from services.survey.doors.figures import FigureDoors
from services.survey.doors.flags import FlagDoors
from services.survey.pages import SurveyPages
from services.survey.queries import feedback as queries
from services.survey.schemas import AnswerBody, FeedbackAnswer, FeedbackQuery, InvitationAnswer, LinkQuery
from shared.contracts.case import CaseClosed, CaseSuspended, TaskResponded
from shared.contracts.check import CheckFailed, CheckPassed
from shared.contracts.envelope import Actor, Recorded
from shared.contracts.report import ReportSelfHandled
from shared.contracts.task import TaskPartResponded
from shared.entrypoints.on import on
from shared.kernel.clock import utc_now
from shared.web.call import ANYONE, Call, Reply
from shared.web.door import door

FEEDBACK = "/api/v1/feedback"
READERS = ("supervisor", "dispatcher", "duty_chief", "reader", "operator")


class SurveyService(FigureDoors, FlagDoors, SurveyPages):
    """考核评价: the reporter has the last word."""

    name = "survey"

    @door(
        "GET",
        f"{FEEDBACK}/<uuid:feedback_id>",
        summary="What am I asked?",
        query=LinkQuery,
        answer=InvitationAnswer,
        roles=ANYONE,
    )
    def question(self, call: Call) -> Reply:
        """The questions behind a feedback link, and the case that they are about."""
        feedback_id = call.path["feedback_id"]
        handlers.require_link(self.settings.link_key, feedback_id, call.query["token"])
        return Reply(queries.question(self.log, feedback_id, call.at))

    @door(
        "POST",
        f"{FEEDBACK}/<uuid:feedback_id>",
        summary="Give feedback",
        body=AnswerBody,
        answer=InvitationAnswer,
        status=201,
        roles=ANYONE,
    )
    def answer(self, call: Call) -> Reply:
        """评价: once. Who is not content may have the case handled again, and says why."""
        feedback_id, said = call.path["feedback_id"], call.body
        verdict = Verdict(
            resolved=said["resolved"],
            satisfaction=said["satisfaction"],
            words=said["words"],
            wants_reopening=said["wants_reopening"],
        )
        # The link makes them the reporter; the id of the question is all that we know of them.
        cause = call.cause(Actor(f"feedback:{feedback_id}", "resident"))
        handlers.answer(self.log, self.settings.link_key, feedback_id, said["token"], verdict, cause)
        call.note(feedback_id=feedback_id)
        return Reply(queries.question(self.log, feedback_id, call.at))

    @door("GET", FEEDBACK, summary="What reporters said", query=FeedbackQuery, answer=FeedbackAnswer, roles=READERS)
    def feedback(self, call: Call) -> Reply:
        """Questions and answers in the asker's area, newest first."""
        asked = call.query
        wanted = queries.Wanted(
            area=asked["area"],
            satisfaction=asked["satisfaction"],
            answered=asked["answered"],
            case_id=asked["case_id"],
            after=asked["after"],
            limit=asked["limit"],
        )
        return Reply(queries.feedback_list(self.rows, call.signed_in, wanted))

    @on(CaseClosed)
    def invite_reporter(self, recorded: Recorded[CaseClosed]) -> None:
        """回访: ask about every closing."""
        reactions.invite_reporter(recorded, self.log, consumer="survey.invite_reporter", at=utc_now())

    @on(TaskResponded, TaskPartResponded, CheckPassed, CheckFailed, CaseSuspended, CaseClosed, ReportSelfHandled)
    def look_for_flags(self, recorded: Recorded[Any]) -> None:
        """疑点: note what looks odd beside the case."""
        reactions.look_for_flags(recorded, self.log, self.rows, consumer="survey.look_for_flags", at=utc_now())
