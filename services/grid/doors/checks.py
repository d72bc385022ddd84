"""Doors of checks: what waits for whom, what was found, and spot checks of what was closed."""

from __future__ import annotations

from datetime import timedelta

from services.grid.domain.checks import Finding, require_district
from services.grid.doors.answers import done, within
from services.grid.doors.check_schemas import (
    AreaQuery,
    AssignCheckBody,
    ChecksAnswer,
    ChecksQuery,
    DrawBody,
    DrawnAnswer,
    FailBody,
    FindingsBody,
    SpotCheckBody,
    WaitingAnswer,
)
from services.grid.handlers import checks as handlers
from services.grid.handlers.common import part
from services.grid.queries import checks as queries
from services.grid.room import Room
from services.grid.schemas import Done
from shared.kernel.errors import Refused
from shared.security import permission
from shared.web.call import SIGNED_IN, Call, Reply
from shared.web.door import door

_CHECKERS = ("supervisor", "grid_worker")
_CHIEFS = ("duty_chief", "dispatcher", "leader")
_INSPECTORS = ("supervisor",)


class CheckDoors(Room):
    """任务核查与抽查."""

    @door("GET", "/api/v1/checks", summary="Checks", query=ChecksQuery, answer=ChecksAnswer, roles=SIGNED_IN)
    def checks(self, call: Call) -> Reply:
        """What waits to be looked at in the asker's area, or for one person, oldest first."""
        asked = call.query
        wanted = queries.Wanted(
            within=within(call),
            pending=asked["pending"],
            kind=asked["kind"],
            person=call.signed_in.id if asked["mine"] else asked["person"],
            after=asked["after"],
            limit=asked["limit"],
        )
        return Reply(queries.checks(self.rows, wanted))

    @door(
        "GET",
        "/api/v1/checks/waiting",
        summary="Whom checks wait for",
        query=AreaQuery,
        answer=WaitingAnswer,
        roles=SIGNED_IN,
    )
    def waiting_checks(self, call: Call) -> Reply:
        """How many wait for each supervisor, the most first."""
        return Reply({"waiting": queries.by_supervisor(self.rows, within(call))})

    @door(
        "POST",
        "/api/v1/checks/<uuid:check_id>/pass",
        summary="It is solved",
        body=FindingsBody,
        answer=Done,
        roles=_CHECKERS,
    )
    def pass_check(self, call: Call) -> Reply:
        """Somebody outside the handling organisation looked, and it is solved."""
        return self._answer_check(call, passed=True)

    @door(
        "POST",
        "/api/v1/checks/<uuid:check_id>/fail",
        summary="It is not solved",
        body=FailBody,
        answer=Done,
        roles=_CHECKERS,
    )
    def fail_check(self, call: Call) -> Reply:
        """Somebody outside the handling organisation looked, and it is not solved: the case goes back."""
        return self._answer_check(call, passed=False)

    @door(
        "POST",
        "/api/v1/checks/<uuid:check_id>/assign",
        summary="Somebody else is to look",
        body=AssignCheckBody,
        answer=Done,
        roles=_CHIEFS,
    )
    def assign_check(self, call: Call) -> Reply:
        """The area's supervisor is named by itself; this names another, who had no hand in the case."""
        asked = call.body
        return done(handlers.assign_check(self.log, call.path["check_id"], call.signed_in, call.cause(), **asked))

    @door(
        "POST",
        "/api/v1/spot-checks",
        summary="Look at a closed case once more",
        body=SpotCheckBody,
        answer=Done,
        status=201,
        roles=_INSPECTORS,
    )
    def order_spot_check(self, call: Call) -> Reply:
        """By the district's inspectors; it is answered like any check, and one that fails brings the case back."""
        asked = call.body
        ordered = handlers.order_spot_check(
            self.log, asked["case_id"], call.signed_in, call.cause(), reason=asked["reason"]
        )
        return done(ordered)

    @door(
        "POST",
        "/api/v1/spot-checks/draw",
        summary="Draw closed cases for a spot check",
        body=DrawBody,
        answer=DrawnAnswer,
        status=201,
        roles=_INSPECTORS,
    )
    def draw_spot_checks(self, call: Call) -> Reply:
        """As chance has it, and so that the draw can be repeated: by the seed."""
        asked = call.body
        asker = permission.require(call.asker, action_area=asked["area"])
        require_district(asker)
        since = call.at - timedelta(days=asked["days"])
        found = queries.drawn(self.rows, asked["area"], closed_since=since, seed=asked["seed"], count=asked["count"])
        drawn, refused = [], []
        for case_id in found:
            cause = part(call.cause(), str(case_id))
            try:
                ordered = handlers.order_spot_check(self.log, case_id, asker, cause, reason=f"抽签 {asked['seed']}")
            except Refused as error:
                refused.append({"case_id": case_id, "rule": error.rule, "detail": str(error)})
                continue
            drawn.append(ordered.stream.removeprefix("check-"))
        return Reply({"checks": drawn, "refused": refused})

    def _answer_check(self, call: Call, *, passed: bool) -> Reply:
        which, told = call.path["check_id"], call.body
        finding = Finding(
            passed=passed,
            findings=told["findings"],
            task_ids=tuple(told.get("task_ids", ())),
            photos=tuple(told["photos"]),
        )
        return done(handlers.answer_check(self.log, which, call.signed_in, call.cause(), finding))
