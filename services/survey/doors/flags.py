"""Doors to flags: what looked odd, and what it was."""

from __future__ import annotations

from services.survey import handlers
from services.survey.queries.flags import Wanted, flag_list
from services.survey.room import Room
from services.survey.schemas_flags import FlagsAnswer, FlagsQuery, SettleBody
from shared.web.call import Call, Reply
from shared.web.door import door

LOOKERS = ("supervisor", "duty_chief", "leader", "operator")
FLAGS = "/api/v1/flags"


class FlagDoors(Room):
    """疑点: facts beside a case."""

    @door("GET", FLAGS, summary="What looks odd", query=FlagsQuery, answer=FlagsAnswer, roles=(*LOOKERS, "department"))
    def flags(self, call: Call) -> Reply:
        """Same photo before and after, photo far away, checked from inside, too fast, closed in masses, suspended just
        before due: facts, not judgements."""
        return Reply(flag_list(self.rows, call.signed_in, Wanted(**call.query)))

    @door(
        "POST",
        f"{FLAGS}/<uuid:case_id>/<uuid:flag_id>/settle",
        summary="Say what it was",
        body=SettleBody,
        status=204,
        roles=LOOKERS,
    )
    def settle(self, call: Call) -> Reply:
        """疑点核实: once, in words."""
        case_id, flag_id = call.path["case_id"], call.path["flag_id"]
        said = call.body
        handlers.settle_flag(
            self.log,
            case_id,
            flag_id,
            call.signed_in,
            call.cause(),
            founded=said["founded"],
            words=said["words"],
        )
        return Reply(None)
