"""The door at which those who write a department's program ask for a test event."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from marshmallow import fields

from services.notify.subscriptions import handlers, trial
from services.notify.subscriptions.domain import evolve, living, stream_of
from services.notify.subscriptions.doors import ONE, READERS
from shared.contracts.subscription import SubscriptionTestRequested
from shared.handling import amend
from shared.kernel.errors import Refused
from shared.web.door import Call, Reply, door
from shared.web.fields import Body, Text

if TYPE_CHECKING:
    from shared.ports import EventLog

MOST, WITHIN = 30, timedelta(minutes=1)
"""Test events of one subscription: they are kept in the log for ever, and its token may ask for them."""


class TrialBody(Body):
    """Which event is to come."""

    type = Text(required=True, longest=60, one_line=True, metadata={"example": "case.dispatched"})


class TrialAnswer(Body):
    """The test event that is on its way."""

    type = fields.String(required=True)
    event_id = fields.UUID(required=True, metadata={"description": "the id that it will have"})


class TrialDoors:
    """What NotifyService inherits."""

    if TYPE_CHECKING:
        log: EventLog

    @door(
        "POST",
        f"{ONE}/test-events",
        summary="Test event",
        body=TrialBody,
        answer=TrialAnswer,
        status=202,
        roles=READERS,
    )
    def request_test_event(self, call: Call) -> Reply:
        """An example of the type comes to this subscription and to nobody else, marked with the header ce-test."""
        name, event_type = call.path["name"], trial.checked_type(call.body["type"])
        found = living(handlers.load(self.log, name, call.signed_in))
        recent = [one for one in self.log.stream(stream_of(name)) if one.type == trial.REQUEST]
        if sum(call.at - one.recorded_at < WITHIN for one in recent) >= MOST:
            raise Refused(f"{MOST} test events a minute are enough", rule="subscription.tests", hint="wait a minute")
        asked = SubscriptionTestRequested(subscription_id=found.subscription_id, type=event_type)
        appended = amend(self.log, stream_of(name), evolve, lambda _: (asked,), call.cause())
        return Reply({"type": event_type, "event_id": appended.event_ids[0]})
