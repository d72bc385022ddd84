"""The doors of disputes and whistles: whose it is, and who is to come."""

from __future__ import annotations

from services.dispatch.doors.base import CASE, CaseDoors, roles_of
from services.dispatch.handlers import disputes
from services.dispatch.schemas.case import CaseAnswer
from services.dispatch.schemas.pool import AdjudicateBody, DisputeBody, ReportInBody, WhistleBody
from shared.web.call import Call, Reply
from shared.web.door import door


class DisputeDoors(CaseDoors):
    """What DispatchService inherits."""

    @door(
        "POST",
        f"{CASE}/dispute",
        summary="Dispute whose it is",
        body=DisputeBody,
        answer=CaseAnswer,
        roles=roles_of("dispute.opened"),
    )
    def open_dispute(self, call: Call) -> Reply:
        """权责争议: after it was returned as somebody else's twice."""
        asked, book = call.body, self.rulebooks.current(call.at)
        done = disputes.open_dispute(
            self.log,
            book,
            call.path["case_id"],
            call.signed_in,
            call.cause(),
            between=tuple(asked["between"]),
            question=asked["question"],
        )
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/disputes/<uuid:dispute_id>/adjudicate",
        summary="Decide whose it is",
        body=AdjudicateBody,
        answer=CaseAnswer,
        roles=roles_of("dispute.adjudicated"),
    )
    def adjudicate(self, call: Call) -> Reply:
        """裁定: by the tier above; it goes there next, and cannot be returned as somebody else's again."""
        asked, book = call.body, self.rulebooks.current(call.at)
        done = disputes.adjudicate(
            self.log,
            book,
            call.path["case_id"],
            call.signed_in,
            call.cause(),
            dispute_id=call.path["dispute_id"],
            department=asked["department"],
            reason=asked["reason"],
        )
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/whistles",
        summary="Summon departments",
        body=WhistleBody,
        answer=CaseAnswer,
        roles=roles_of("whistle.blown"),
    )
    def blow_whistle(self, call: Call) -> Reply:
        """吹哨: each of them has to report in time."""
        asked, book = call.body, self.rulebooks.current(call.at)
        done = disputes.blow(
            self.log,
            book,
            call.path["case_id"],
            call.signed_in,
            call.cause(),
            departments=tuple(asked["departments"]),
            reason=asked["reason"],
            with_tasks=asked["with_tasks"],
        )
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/whistles/<uuid:whistle_id>/answer",
        summary="Report after a summons",
        body=ReportInBody,
        answer=CaseAnswer,
        roles=roles_of("whistle.answered"),
    )
    def answer_whistle(self, call: Call) -> Reply:
        """报到: what the department will do."""
        where, words = call.path, call.body["answer"]
        done = disputes.answer_whistle(
            self.log, where["case_id"], call.signed_in, call.cause(), whistle_id=where["whistle_id"], words=words
        )
        return self.after(call, done)
