"""Intake's doors: residents tell and follow, desks tell, staff decide."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from services.intake import duplicates, handlers, queries, reactions, recurrence, vault
from services.intake.desk_pages import DeskPages
from services.intake.doors.appeals import AppealDoors
from services.intake.doors.field import FieldDoors
from services.intake.doors.photos import PhotoDoors
from services.intake.duplicate_schemas import ClustersAnswer, ClustersQuery, DuplicatesAnswer
from services.intake.field_pages import FieldPages
from services.intake.inbound.doors import InboundDoors
from services.intake.map_pages import MapPages
from services.intake.open311.doors import Open311Doors
from services.intake.pages import ResidentPages
from services.intake.photos.ears import PhotoEars
from services.intake.reasons import reasons
from services.intake.schemas import (
    Done,
    EraseBody,
    MergeBody,
    OriginalWords,
    ProgressAnswer,
    ProgressQuery,
    ReasonsAnswer,
    RejectBody,
    ReportReceipt,
    SubmitReportBody,
    VerificationQuery,
    VerifiedBody,
    WaitingAnswer,
    WaitingQuery,
)
from services.intake.telling import done, told_of
from shared.contracts.envelope import Recorded
from shared.contracts.report import ReportAccepted, ReportSelfHandled
from shared.entrypoints.on import on
from shared.kernel.clock import utc_now
from shared.kernel.errors import NotFound
from shared.security import links
from shared.security.permission import require
from shared.web.call import ANYONE, Call, Reply
from shared.web.door import door

ACCEPTORS = ("acceptor", "duty_chief")
LOOKERS = ("grid_worker", "supervisor")
READERS = ("acceptor", "grid_worker", "supervisor", "dispatcher", "duty_chief", "reader", "operator")
REPORTS = "/api/v1/reports"


class IntakeService(
    Open311Doors,
    InboundDoors,
    PhotoDoors,
    PhotoEars,
    FieldDoors,
    AppealDoors,
    ResidentPages,
    MapPages,
    DeskPages,
    FieldPages,
):
    """采集上报: from the first word to a case, a refusal or a merge."""

    name = "intake"

    @door(
        "POST",
        REPORTS,
        summary="Report an issue",
        body=SubmitReportBody,
        answer=ReportReceipt,
        status=201,
        roles=ANYONE,
    )
    def submit(self, call: Call) -> Reply:
        """Residents need no token; desks and grid workers send theirs. The answer comes when the report is stored."""
        told = told_of(self.rows, call.body, call.asker)
        receipt = handlers.submit(self.log, self.desk, told, call.cause())
        call.note(report_id=receipt.submitted.report_id, number=receipt.submitted.number)
        return Reply(handlers.receipt_body(self.desk, receipt))

    @door("GET", REPORTS, summary="Reports that wait", query=WaitingQuery, answer=WaitingAnswer, roles=READERS)
    def waiting(self, call: Call) -> Reply:
        """The desk's work list, oldest first, in the asker's area or a part of it."""
        area = call.query["area"] or call.signed_in.area
        if area is not None:
            require(call.asker, area)
        limit: int = call.query["limit"]
        found = queries.waiting(self.rows, area, call.query["issue_type"], call.query["after"], limit + 1)
        page = found[:limit]
        return Reply({"reports": page, "next": page[-1]["report_id"] if len(found) > limit else None})

    @door("GET", f"{REPORTS}/reasons", summary="Reasons for refusing", answer=ReasonsAnswer, roles=ANYONE)
    def reasons(self, _call: Call) -> Reply:
        """The reason codes that the city knows."""
        return Reply({"reasons": [{"code": one.code, "zh": one.zh, "en": one.en} for one in reasons().values()]})

    @door(
        "GET",
        f"{REPORTS}/clusters",
        summary="What is told again and again",
        query=ClustersQuery,
        answer=ClustersAnswer,
        roles=READERS,
    )
    def clusters(self, call: Call) -> Reply:
        """Groups of open reports that tell of the same thing in the same place, the largest first."""
        area = call.query["area"] or call.signed_in.area
        if area is not None:
            require(call.asker, area)
        return Reply({"clusters": duplicates.clusters(self.rows, area)})

    @door(
        "GET",
        f"{REPORTS}/<reference>",
        summary="How far is it?",
        query=ProgressQuery,
        answer=ProgressAnswer,
        roles=ANYONE,
    )
    def progress(self, call: Call) -> Reply:
        """By id or tracking number. A reporter shows the secret of the receipt, staff their token.

        Whether a number exists is not told to anybody without its secret.
        """
        report_id = queries.id_of(self.rows, call.path["reference"])
        secret = call.query["secret"] or ""
        is_reporter = links.verify(self.desk.link_key, "report", report_id, secret)
        if not is_reporter and (call.asker is None or call.asker.role not in READERS):
            raise NotFound(
                "there is no report with this number and secret", hint="a new number is known within seconds"
            )
        found = queries.progress(self.rows, report_id) or self._too_new(report_id)
        if not is_reporter:
            handlers.founding(self.log, report_id, call.signed_in)
            found["report"] = queries.one(self.rows, report_id)
            found["recurs"] = recurrence.earlier(self.rows, report_id)
        return Reply(found)

    @door(
        "POST",
        f"{REPORTS}/<uuid:report_id>/verification",
        summary="Have somebody look",
        query=VerificationQuery,
        answer=Done,
        roles=ACCEPTORS,
    )
    def request_verification(self, call: Call) -> Reply:
        """核实: a grid worker or supervisor is to look on site before the report is accepted."""
        report_id, assignee = call.path["report_id"], call.query["assignee"]
        return done(handlers.request_verification(self.log, report_id, call.signed_in, call.cause(), assignee))

    @door(
        "POST",
        f"{REPORTS}/<uuid:report_id>/verified",
        summary="Say what was seen",
        body=VerifiedBody,
        answer=Done,
        roles=LOOKERS,
    )
    def verified(self, call: Call) -> Reply:
        """Somebody was on site, and says whether the issue is there."""
        self.desk.know_photos(call.body["photos"])
        seen = handlers.Seen(**call.body)
        return done(handlers.verify(self.log, call.path["report_id"], seen, call.signed_in, call.cause()))

    @door("POST", f"{REPORTS}/<uuid:report_id>/accept", summary="Accept a report", answer=Done, roles=ACCEPTORS)
    def accept(self, call: Call) -> Reply:
        """受理: the report becomes a case. Refused until somebody looked, where its source or issue type wants that."""
        must_look = partial(queries.needs_verification, self.rows)
        return done(handlers.accept(self.log, must_look, call.path["report_id"], call.signed_in, call.cause()))

    @door(
        "POST",
        f"{REPORTS}/<uuid:report_id>/reject",
        summary="Refuse a report",
        body=RejectBody,
        answer=Done,
        roles=ACCEPTORS,
    )
    def reject(self, call: Call) -> Reply:
        """不予受理: with a reason code of the city; the reporter is told the reason."""
        report_id, code, words = call.path["report_id"], call.body["reason_code"], call.body["words"]
        return done(handlers.reject(self.log, report_id, code, words, call.signed_in, call.cause()))

    @door(
        "POST",
        f"{REPORTS}/<uuid:report_id>/merge",
        summary="Merge a duplicate",
        body=MergeBody,
        answer=Done,
        roles=ACCEPTORS,
    )
    def merge(self, call: Call) -> Reply:
        """并案: the report goes on under another; both reporters hear of its progress."""
        return done(handlers.merge(self.log, call.path["report_id"], call.body["into"], call.signed_in, call.cause()))

    @door("POST", f"{REPORTS}/<uuid:report_id>/unmerge", summary="Take a merge back", answer=Done, roles=ACCEPTORS)
    def unmerge(self, call: Call) -> Reply:
        """The report waits by itself again."""
        return done(handlers.unmerge(self.log, call.path["report_id"], call.signed_in, call.cause()))

    @door(
        "GET",
        f"{REPORTS}/<uuid:report_id>/duplicates",
        summary="Is it known already?",
        answer=DuplicatesAnswer,
        roles=READERS,
    )
    def duplicates(self, call: Call) -> Reply:
        """Open reports of the same kind near the same place in like words, most alike first, and why."""
        report = handlers.founding(self.log, call.path["report_id"], call.signed_in)
        return Reply({"candidates": duplicates.candidates(self.rows, report.event, report.area)})

    @door(
        "GET",
        f"{REPORTS}/<uuid:report_id>/words",
        summary="Read the original words",
        answer=OriginalWords,
        roles=("acceptor", "duty_chief", "dispatcher"),
    )
    def words(self, call: Call) -> Reply:
        """What the reporter said and who they are, in clear. Every reading is recorded with who read it."""
        report = handlers.founding(self.log, call.path["report_id"], call.signed_in)
        if report.event.subject_id is None:
            told = report.event
            return Reply({"title": told.title, "words": told.words, **({"place": told.place} if told.place else {})})
        asker = call.signed_in
        return Reply(vault.original_words(self.rows, self.desk.sealer, report.event.subject_id, asker, call.at))

    @door(
        "POST",
        "/api/v1/subjects/<uuid:subject_id>/erase",
        summary="Erase a person",
        body=EraseBody,
        answer=Done,
        roles=("operator",),
    )
    def erase(self, call: Call) -> Reply:
        """Destroys the key of a reporter's contact and words, and their photos, for good. The counts stay."""
        subject_id: UUID = call.path["subject_id"]
        report_id, area = vault.whereabouts(self.rows, subject_id)
        require(call.asker, area)
        return done(handlers.erase(self.log, subject_id, area, report_id, call.body["reason"], call.cause()))

    @on(ReportAccepted, ReportSelfHandled)
    def note_recurrence(self, recorded: Recorded[ReportAccepted | ReportSelfHandled]) -> None:
        """复发: the same kind of issue is back in the same place."""
        reactions.note_recurrence(recorded, self.log, self.rows, consumer="intake.note_recurrence", at=utc_now())

    def _too_new(self, report_id: UUID) -> dict[str, Any]:
        """The answer of the first moments, before the tables know the report."""
        return queries.just_submitted(self.log.stream(handlers.stream_of(report_id)))
