"""The doors of admissions: departments apply, the district decides, everybody may look."""

from __future__ import annotations

from services.dispatch.admissions import decisions, handlers, queries
from services.dispatch.admissions.decisions import Narrower
from services.dispatch.admissions.domain import APPLICANTS, DECIDERS
from services.dispatch.admissions.handlers import Decision, Wish
from services.dispatch.admissions.queries import Wanted
from services.dispatch.admissions.schemas import (
    AdmissionAnswer,
    AdmissionsAnswer,
    AdmissionsQuery,
    ApproveBody,
    DraftBody,
    ReasonBody,
)
from services.dispatch.doors.base import Doors
from shared.contracts.admission import Form
from shared.web.call import SIGNED_IN, Call, Reply
from shared.web.door import door

BASE = "/api/v1/admissions"
ONE = f"{BASE}/<uuid:admission_id>"


class AdmissionDoors(Doors):
    """What DispatchService inherits."""

    @door(
        "POST",
        BASE,
        summary="Draft an admission",
        body=DraftBody,
        answer=AdmissionAnswer,
        status=201,
        roles=APPLICANTS,
    )
    def draft_admission(self, call: Call) -> Reply:
        """拟稿: what a department wants of communities. Nobody decides on it before it is applied for."""
        call.path["admission_id"] = handlers.draft(self.log, _wish(call), call.signed_in, call.cause())
        return self._admission(call)

    @door("PUT", ONE, summary="Word a draft anew", body=DraftBody, answer=AdmissionAnswer, roles=APPLICANTS)
    def amend_admission(self, call: Call) -> Reply:
        """Until it is applied for, the latest draft counts."""
        handlers.amend_draft(self.log, call.path["admission_id"], _wish(call), call.signed_in, call.cause())
        return self._admission(call)

    @door("POST", f"{ONE}/apply", summary="Apply", answer=AdmissionAnswer, roles=APPLICANTS)
    def apply_for_admission(self, call: Call) -> Reply:
        """申请: to be decided within 15 working days; to begin within 30 is short notice."""
        calendar = self.rulebooks.current(call.at).calendar
        handlers.apply(self.log, calendar, call.path["admission_id"], call.signed_in, call.cause())
        return self._admission(call)

    @door("POST", f"{ONE}/review", summary="Take it up", answer=AdmissionAnswer, roles=DECIDERS)
    def review_admission(self, call: Call) -> Reply:
        """审核: somebody who decides for the district has begun."""
        handlers.review(self.log, call.path["admission_id"], call.signed_in, call.cause())
        return self._admission(call)

    @door("POST", f"{ONE}/approve", summary="Approve", body=ApproveBody, answer=AdmissionAnswer, roles=DECIDERS)
    def approve_admission(self, call: Call) -> Reply:
        """准入: all of it, or fewer places, or a shorter period."""
        asked = call.body
        scope = None if asked["scope"] is None else tuple(asked["scope"])
        narrower = Narrower(scope, asked["valid_from"], asked["valid_until"])
        admission_id = call.path["admission_id"]
        handlers.approve(self.log, admission_id, narrower, asked["reason"], call.signed_in, call.cause())
        return self._admission(call)

    @door("POST", f"{ONE}/reject", summary="Reject", body=ReasonBody, answer=AdmissionAnswer, roles=DECIDERS)
    def reject_admission(self, call: Call) -> Reply:
        """不予准入, with the reason."""
        return self._decided(call, decisions.reject)

    @door("POST", f"{ONE}/suspend", summary="Suspend", body=ReasonBody, answer=AdmissionAnswer, roles=DECIDERS)
    def suspend_admission(self, call: Call) -> Reply:
        """暂停: nothing new may be asked under it for now."""
        return self._decided(call, decisions.suspend)

    @door("POST", f"{ONE}/resume", summary="Resume", body=ReasonBody, answer=AdmissionAnswer, roles=DECIDERS)
    def resume_admission(self, call: Call) -> Reply:
        """恢复: it holds again, inside its period."""
        return self._decided(call, decisions.resume)

    @door("POST", f"{ONE}/revoke", summary="Revoke", body=ReasonBody, answer=AdmissionAnswer, roles=DECIDERS)
    def revoke_admission(self, call: Call) -> Reply:
        """撤销: for good."""
        return self._decided(call, decisions.revoke)

    @door("GET", ONE, summary="One admission", answer=AdmissionAnswer, roles=SIGNED_IN)
    def admission(self, call: Call) -> Reply:
        """As it stands this moment: whether it is in force is a question of its period."""
        return self._admission(call)

    @door("GET", BASE, summary="Admissions", query=AdmissionsQuery, answer=AdmissionsAnswer, roles=SIGNED_IN)
    def admissions(self, call: Call) -> Reply:
        """The register, the newest first; drafts are seen by their own department alone."""
        asked = call.query
        wanted = Wanted(
            department=asked["department"],
            states=tuple(asked["state"]),
            area=asked["area"],
            after=asked["after"],
            limit=asked["limit"],
        )
        return Reply(queries.admissions(self.rows, call.signed_in, wanted, call.at))

    def _decided(self, call: Call, decision: Decision) -> Reply:
        admission_id, reason = call.path["admission_id"], call.body["reason"]
        handlers.decide(self.log, admission_id, decision, reason, call.signed_in, call.cause())
        return self._admission(call)

    def _admission(self, call: Call) -> Reply:
        call.note(admission_id=call.path["admission_id"])
        return Reply(queries.one_admission(self.log, call.path["admission_id"], call.signed_in, call.at))


def _wish(call: Call) -> Wish:
    asked = call.body
    return Wish(
        matter=asked["matter"],
        legal_basis=asked["legal_basis"],
        scope=tuple(dict.fromkeys(asked["scope"])),
        kinds=tuple(dict.fromkeys(asked["kinds"])),
        valid_from=asked["valid_from"],
        valid_until=asked["valid_until"],
        forms=tuple(Form(form=one["form"], fields=tuple(one["to_fill"])) for one in asked["forms"]),
        funding=asked["funding"],
        headcount=asked["headcount"],
        already_known=asked["already_known"],
    )
