"""The doors of parked messages: look, send back, throw away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.notify.subscriptions import handlers, parked
from services.notify.subscriptions.domain import living
from services.notify.subscriptions.doors import MANAGERS, ONE, READERS
from shared.web.door import Call, Reply, door
from shared.web.fields import Body, Text

if TYPE_CHECKING:
    from shared.ports import EventLog, Rows

_PARKED = f"{ONE}/parked"


class ParkedQuery(Body):
    """Which messages."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))
    type = Text(load_default=None, allow_none=True, longest=80, one_line=True, metadata={"example": "case.*"})


class WhichBody(Body):
    """The messages that are meant: some by id, those of a type, or all."""

    ids = fields.List(Text(longest=100, one_line=True), load_default=list, validate=validate.Length(max=1000))
    type = Text(load_default=None, allow_none=True, longest=80, one_line=True, metadata={"example": "case.*"})
    all = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    dry_run = fields.Boolean(load_default=False, truthy={True}, falsy={False}, metadata={"description": "only count"})

    @validates_schema
    def says_which(self, values: dict[str, Any], **_: Any) -> None:
        """Nobody is to hit all of them by accident."""
        if bool(values["ids"] or values["type"]) == values["all"]:
            raise ValidationError("say which messages: ids, type, or all", "ids")


class DiscardBody(WhichBody):
    """With the reason why."""

    reason = Text(required=True, longest=300)


class ParkedRow(Body):
    """One message."""

    message_id = fields.String(required=True)
    type = fields.String(required=True)
    position = fields.String(required=True)
    attempts = fields.Integer(required=True)
    error_type = fields.String(allow_none=True)
    error = fields.String(allow_none=True)
    parked_at = fields.String(allow_none=True)


class ParkedWhole(ParkedRow):
    """One message with everything in it."""

    headers = fields.Dict(required=True)
    payload = fields.Raw(required=True)


class ParkedAnswer(Body):
    """The oldest first."""

    messages = fields.List(fields.Nested(ParkedRow), required=True)


class CountAnswer(Body):
    """How many."""

    count = fields.Integer(required=True)
    dry_run = fields.Boolean(required=True)


class ParkedDoors:
    """What NotifyService inherits."""

    if TYPE_CHECKING:
        log: EventLog
        rows: Rows

    @door("GET", _PARKED, summary="Parked messages", query=ParkedQuery, answer=ParkedAnswer, roles=READERS)
    def parked(self, call: Call) -> Reply:
        """What the subscriber refused, or tried too often; looking takes nothing away."""
        return Reply(self._asked(call, {"do": "list", **call.query}))

    @door(
        "GET",
        f"{_PARKED}/messages/<string(maxlength=100):message_id>",
        summary="One",
        answer=ParkedWhole,
        roles=READERS,
    )
    def parked_message(self, call: Call) -> Reply:
        """Payload, headers, attempts, error."""
        return Reply(self._asked(call, {"do": "show", "ids": [call.path["message_id"]]}))

    @door("POST", f"{_PARKED}/redrive", summary="Send back", body=WhichBody, answer=CountAnswer, roles=MANAGERS)
    def redrive_parked(self, call: Call) -> Reply:
        """To the subscription's queue, as if they came for the first time."""
        return self._settle(call, "redrive")

    @door("POST", f"{_PARKED}/discard", summary="Throw away", body=DiscardBody, answer=CountAnswer, roles=MANAGERS)
    def discard_parked(self, call: Call) -> Reply:
        """For good; the reason is kept."""
        return self._settle(call, "discard")

    def _settle(self, call: Call, do: str) -> Reply:
        cause = call.cause()
        found = living(handlers.load(self.log, call.path["name"], call.signed_in))
        if (before := parked.settled_before(self.log, found, cause)) is not None:
            return Reply({"count": before, "dry_run": False})
        return Reply(parked.ask(self.rows, found, {"do": do, **call.body, **parked.actor_of(cause)}))

    def _asked(self, call: Call, what: dict[str, Any]) -> dict[str, Any]:
        return parked.ask(self.rows, handlers.load(self.log, call.path["name"], call.signed_in), what)
