"""The doors for other systems: where they send to, and where the operator lets them in or not."""

from __future__ import annotations

import hashlib

from marshmallow import INCLUDE, Schema, fields

from services.intake import handlers
from services.intake.inbound import reading, systems
from services.intake.inbound.schemas import ApiKeysAnswer, MadeKey, NameBody, Revoked
from services.intake.open311 import keys
from services.intake.room import Room
from services.intake.schemas import ReportReceipt
from shared.contracts.envelope import Actor
from shared.handling import Cause
from shared.security import webhook_signature
from shared.web.call import ANYONE, Call, Reply
from shared.web.door import door
from shared.web.fields import Body

INBOUND = "/api/v1/inbound"
API_KEYS = "/api/v1/api-keys"
OPERATOR = ("operator",)
_ROLE = "system"


class MessageBody(Schema):
    """Whatever the other system sends: its mapping says what is what."""

    class Meta:
        unknown = INCLUDE


class MappingBody(Body):
    """A mapping as its TOML file has it."""

    mapping = fields.Dict(keys=fields.String(), required=True)


class MadeSystem(Body):
    """A registered system and its secret, which is not shown again."""

    name = fields.String(required=True)
    secret = fields.String(required=True)
    address = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class SystemRow(Body):
    """A system on the list."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    source = fields.String(required=True)
    created_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(allow_none=True)


class SystemsAnswer(Body):
    """The systems that may send, and those that no longer may."""

    systems = fields.List(fields.Nested(SystemRow), required=True)


class InboundDoors(Room):
    """Webhooks in, and the keys and secrets of programs."""

    @door(
        "POST",
        f"{INBOUND}/<system>",
        summary="A message of another system",
        body=MessageBody,
        answer=ReportReceipt,
        status=201,
        roles=ANYONE,
    )
    def inbound(self, call: Call) -> Reply:
        """Signed as Standard Webhooks has it. Another message about the same number is about the same report."""
        name: str = call.path["system"]
        mapping, secrets = systems.opened(self.rows, self.desk.sealer, name)
        message_id = webhook_signature.verify(secrets, call.headers, call.raw, call.at)
        told = reading.read(self.rows, mapping, call.body)
        cause = Cause(
            actor=Actor(name, _ROLE),
            at=call.at,
            idempotency_key=f"intake:inbound:{name}:{message_id}",
            request_hash=hashlib.sha256(call.raw).digest(),
            traceparent=call.traceparent,
        )
        receipt = handlers.submit(self.log, self.desk, told, cause)
        call.note(report_id=receipt.submitted.report_id, number=receipt.submitted.number, system=name)
        return Reply(handlers.receipt_body(self.desk, receipt))

    @door("POST", INBOUND, summary="Let a system in", body=MappingBody, answer=MadeSystem, status=201, roles=OPERATOR)
    def inbound_make(self, call: Call) -> Reply:
        """The answer holds the secret, once."""
        by = call.signed_in.id
        return Reply(systems.make(self.rows, self.desk.sealer, call.body["mapping"], by, call.at))

    @door("PUT", INBOUND, summary="Change a system's mapping", body=MappingBody, answer=Revoked, roles=OPERATOR)
    def inbound_change(self, call: Call) -> Reply:
        """The secret stays."""
        return Reply({"name": systems.change(self.rows, call.body["mapping"])})

    @door("GET", INBOUND, summary="Systems that send", answer=SystemsAnswer, roles=OPERATOR)
    def inbound_list(self, _call: Call) -> Reply:
        """Without their secrets."""
        return Reply({"systems": systems.known(self.rows)})

    @door("POST", f"{INBOUND}/<system>/revoke", summary="Shut a system out", answer=Revoked, roles=OPERATOR)
    def inbound_revoke(self, call: Call) -> Reply:
        """From now on nothing is taken from it."""
        systems.revoke(self.rows, call.path["system"], call.at)
        return Reply({"name": call.path["system"]})

    @door(
        "POST",
        API_KEYS,
        summary="Make a key for an Open311 program",
        body=NameBody,
        answer=MadeKey,
        status=201,
        roles=OPERATOR,
    )
    def api_key_make(self, call: Call) -> Reply:
        """The answer holds the key, once."""
        return Reply(keys.make(self.rows, call.body["name"], call.signed_in.id, call.at))

    @door("GET", API_KEYS, summary="Keys of Open311 programs", answer=ApiKeysAnswer, roles=OPERATOR)
    def api_key_list(self, _call: Call) -> Reply:
        """Who has one, and who had."""
        return Reply({"keys": keys.known(self.rows)})

    @door("POST", f"{API_KEYS}/<name>/revoke", summary="Revoke a program's key", answer=Revoked, roles=OPERATOR)
    def api_key_revoke(self, call: Call) -> Reply:
        """From now on it is worth nothing."""
        keys.revoke(self.rows, call.path["name"], call.at)
        return Reply({"name": call.path["name"]})
