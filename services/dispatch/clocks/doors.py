"""The doors of clocks and escalations, and the ear that keeps the clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.dispatch.clocks import handlers, queries
from services.dispatch.clocks.keep import keep
from services.dispatch.clocks.present import Present
from services.dispatch.clocks.queries import Wanted
from services.dispatch.clocks.schemas import AcknowledgeBody, ClocksAnswer, EscalationsAnswer, EscalationsQuery
from services.dispatch.doors.base import CASE, Doors
from shared.contracts import case, check, feedback, report, task
from shared.contracts.envelope import Origin, Recorded
from shared.entrypoints.on import on
from shared.kernel.clock import utc_now
from shared.kernel.masking import mask
from shared.web.call import SIGNED_IN, Call, Reply
from shared.web.door import door

ESCALATIONS = "/api/v1/escalations"
IN_CHARGE = ("grid_worker", "supervisor", "dispatcher", "duty_chief", "leader")
"""Who is called upon, and may say that they have heard."""


class ClockDoors(Doors):
    """What DispatchService inherits."""

    if TYPE_CHECKING:
        present: Present

    @door("GET", f"{CASE}/clocks", summary="The case's time limits", answer=ClocksAnswer, roles=SIGNED_IN)
    def clocks(self, call: Call) -> Reply:
        """Every limit that ran or runs, until when, why until then, what is left, and who was called upon."""
        call.note(case_id=call.path["case_id"])
        calendar = self.rulebooks.current(call.at).calendar
        return Reply(queries.clocks_of(self.log, call.path["case_id"], call.signed_in, calendar, call.at))

    @door(
        "GET",
        ESCALATIONS,
        summary="Escalations that nobody has acknowledged",
        query=EscalationsQuery,
        answer=EscalationsAnswer,
        roles=IN_CHARGE,
    )
    def escalations(self, call: Call) -> Reply:
        """催办、督办、提级督办, the newest first: those addressed to an area that the asker serves."""
        asked = call.query
        wanted = Wanted(area=asked["area"], rung=asked["rung"], after=asked["after"], limit=asked["limit"])
        return Reply(queries.escalations(self.rows, call.signed_in, wanted))

    @door(
        "POST",
        f"{ESCALATIONS}/<uuid:escalation_id>/acknowledge",
        summary="Take notice of an escalation",
        body=AcknowledgeBody,
        answer=ClocksAnswer,
        roles=IN_CHARGE,
    )
    def acknowledge(self, call: Call) -> Reply:
        """督办签收: with what will be done. The ladder goes on until it is."""
        words = mask(call.body["words"])
        escalation_id = call.path["escalation_id"]
        case_id, done = handlers.acknowledge(
            self.log, self.rows, escalation_id, call.signed_in, call.cause(), words=words
        )
        call.note(case_id=case_id, version=done.version, repeated=done.repeated)
        calendar = self.rulebooks.current(call.at).calendar
        return Reply(queries.clocks_of(self.log, case_id, call.signed_in, calendar, call.at))

    @on(
        report.ReportSubmitted,
        report.ReportVerificationRequested,
        report.ReportVerified,
        report.ReportAccepted,
        report.ReportSelfHandled,
        report.ReportRejected,
        report.ReportAppealed,
        report.ReportMerged,
        report.ReportUnmerged,
        case.CaseFiled,
        case.CaseSelfHandled,
        case.CaseDispatched,
        case.CaseDispatchRecalled,
        case.CaseLevelRaised,
        case.CaseLevelLowered,
        case.CaseMerged,
        case.CaseUnmerged,
        case.CaseRejected,
        case.CaseTransferredOut,
        case.TransferReceipted,
        case.CaseSuspended,
        case.CaseResumed,
        case.CaseSentToCheck,
        case.CaseClearedToClose,
        case.CaseCheckWaived,
        case.CaseReworkOrdered,
        case.CaseClosed,
        case.CaseReopened,
        case.CaseArchived,
        case.TaskSigned,
        case.TaskReturned,
        case.TaskResponded,
        case.WhistleBlown,
        case.WhistleAnswered,
        task.CaseOffered,
        task.TaskAdded,
        task.TaskClaimed,
        task.TaskClaimReleased,
        task.TaskClaimExpired,
        task.TaskStageCompleted,
        task.TaskPartResponded,
        task.TaskWithdrawn,
        task.ExtensionApproved,
        task.DisputeOpened,
        task.DisputeAdjudicated,
        check.CheckPassed,
        check.CheckFailed,
        feedback.FeedbackInvited,
        feedback.FeedbackRecorded,
    )
    def keep_clocks(self, recorded: Recorded[Any]) -> None:
        """计时: whatever the event started, stopped, paused or moved. What was heard twice is missed by nobody."""
        if recorded.origin is Origin.LIVE:
            at = utc_now()
            keep(self.log, recorded.correlation_id, self.present.rules(self.rows, at), at, recorded.event_id)
