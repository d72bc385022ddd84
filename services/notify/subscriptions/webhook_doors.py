"""The doors of webhooks: the delivery log, and bringing one event once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import fields, validate

from services.notify.subscriptions import handlers, replays, webhooks
from services.notify.subscriptions.domain import Subscription, living
from services.notify.subscriptions.doors import MANAGERS, ONE, READERS
from services.notify.subscriptions.matching import version_wanted
from services.notify.subscriptions.secrets import Secrets
from services.notify.subscriptions.selection import composed
from services.notify.subscriptions.webhooks import Rules
from shared.courier.webhook import attempt_of
from shared.kernel.errors import NotFound
from shared.web.door import Call, Reply, door
from shared.web.fields import Body

if TYPE_CHECKING:
    from shared.config import Config
    from shared.ports import EventLog, Rows

_DELIVERIES = f"{ONE}/deliveries"


class DeliveriesQuery(Body):
    """Which part of the log."""

    before = fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(1, 2**62), metadata={"description": "`next`"}
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))
    failed = fields.Boolean(load_default=False, metadata={"description": "only what failed"})


class AttemptRow(Body):
    """One call of the endpoint."""

    attempt_id = fields.Integer(allow_none=True)
    event_id = fields.UUID(required=True)
    event_type = fields.String(required=True)
    position = fields.Integer(required=True)
    attempt = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    milliseconds = fields.Integer(required=True)
    status = fields.Integer(allow_none=True, metadata={"description": "that it answered"})
    error = fields.String(allow_none=True)
    request = fields.String(required=True, metadata={"description": "headers and body, shortened, not the signature"})
    response = fields.String(allow_none=True, metadata={"description": "shortened and masked"})


class TroubleRow(Body):
    """Why it is not going on."""

    event_id = fields.String(required=True)
    attempts = fields.Integer(required=True)
    failing_since = fields.AwareDateTime(required=True)
    next_at = fields.AwareDateTime(required=True)
    error = fields.String(required=True)


class DeliveriesAnswer(Body):
    """The newest first; 30 days are kept."""

    attempts = fields.List(fields.Nested(AttemptRow), required=True)
    trouble = fields.Nested(TroubleRow, allow_none=True)
    next = fields.Integer(allow_none=True, metadata={"description": "`before` of the next page"})


class WebhookDoors:
    """What NotifyService inherits."""

    if TYPE_CHECKING:
        log: EventLog
        rows: Rows
        settings: Config

    @door("GET", _DELIVERIES, summary="Delivery log", query=DeliveriesQuery, answer=DeliveriesAnswer, roles=READERS)
    def deliveries(self, call: Call) -> Reply:
        """What was sent to a webhook, what it answered, and when it is tried again."""
        found = _webhook(handlers.load(self.log, call.path["name"], call.signed_in))
        limit: int = call.query["limit"]
        rows = webhooks.attempts_of(
            self.rows,
            found.subscription_id,
            before=call.query["before"],
            limit=limit + 1,
            failed=call.query["failed"],
        )
        trouble = webhooks.trouble(self.rows, found.subscription_id)
        page = rows[:limit]
        following = page[-1]["attempt_id"] if len(rows) > limit else None
        shown = trouble if trouble is not None and trouble.event_id else None
        return Reply({"attempts": page, "trouble": shown, "next": following})

    @door(
        "POST",
        f"{_DELIVERIES}/<uuid:event_id>/redeliver",
        summary="Deliver one event once more",
        answer=AttemptRow,
        roles=MANAGERS,
    )
    def redeliver(self, call: Call) -> Reply:
        """At once, whatever became of it before; the answer says what the endpoint said. Its place stays."""
        found = living(_webhook(handlers.load(self.log, call.path["name"], call.signed_in)))
        event_id = str(call.path["event_id"])
        known = webhooks.attempts_at(self.rows, found.subscription_id, event_id)
        if known is None:
            raise NotFound(f"{found.name} was not brought the event {event_id} in the last 30 days")
        (stored,) = replays.stored_after(self.rows, known.position - 1, 1)
        rules = Rules.of(self.settings)
        secrets = Secrets(self.settings.subscription_key)
        signers = webhooks.signers(self.rows, secrets, found.subscription_id, found.generation, rules.overlap)
        caller = rules.caller(found.endpoint or "")
        try:
            message = composed(stored, version_wanted(found.filter, stored.type))
            made = attempt_of(caller, message, signers, known.attempts + 1)
        finally:
            caller.close()
        webhooks.write_down(self.rows, found.subscription_id, [made])
        call.note(subscription=found.name, event_id=event_id)
        return Reply(made)


def _webhook(found: Subscription) -> Subscription:
    if found.endpoint is None:
        raise NotFound(f"{found.name} is no webhook: it has no deliveries", hint="wuji sub show")
    return found
