"""The doors of replays: what one would bring, asking for one, watching it, ending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from marshmallow import fields, validate

from services.notify.subscriptions import handlers, replays
from services.notify.subscriptions.domain import Subscription, living
from services.notify.subscriptions.doors import MANAGERS, ONE, READERS
from services.notify.subscriptions.replays import Wish
from shared.contracts.subscription import ReplayTarget
from shared.web.door import Call, Reply, door
from shared.web.fields import Body, Instant

if TYPE_CHECKING:
    from shared.ports import EventLog, Rows

_REPLAYS = f"{ONE}/replays"
_REPLAY = f"{_REPLAYS}/<uuid:replay_id>"
_POSITION = validate.Range(1, 2**62)


class ReplayBody(Body):
    """From a position or a time on."""

    from_position = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_POSITION)
    from_time = Instant(load_default=None, allow_none=True)
    to_position = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=_POSITION,
        metadata={"description": "the last position; default: the end of the log"},
    )
    target = fields.Enum(
        ReplayTarget,
        by_value=True,
        load_default=ReplayTarget.SHADOW,
        metadata={"description": "shadow: a queue of its own beside the subscription's; live: the usual way"},
    )
    rate = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, 1_000_000),
        metadata={"description": "at most so many events a second"},
    )
    dry_run = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class ReplayAnswer(Body):
    """A replay, or with `dry_run` what it would be."""

    dry_run = fields.Boolean(required=True)
    replay_id = fields.UUID(allow_none=True)
    name = fields.String(required=True)
    target = fields.String(required=True)
    queue = fields.String(allow_none=True, metadata={"description": "where a shadow replay arrives"})
    after = fields.Integer(required=True, metadata={"description": "it begins behind this position"})
    until = fields.Integer(required=True, metadata={"description": "the last position that it looks at"})
    rate = fields.Integer(allow_none=True)
    count = fields.Integer(required=True, metadata={"description": "events that it brings"})
    bytes = fields.Integer(allow_none=True, metadata={"description": "of their bodies; with dry_run"})
    seconds = fields.Float(allow_none=True, metadata={"description": "how long it is likely to take; with dry_run"})
    position = fields.Integer(allow_none=True)
    delivered = fields.Integer(allow_none=True)
    progress = fields.Float(allow_none=True, metadata={"description": "0 to 1"})
    per_second = fields.Float(allow_none=True)
    seconds_left = fields.Float(allow_none=True)
    state = fields.String(allow_none=True, metadata={"description": "running, done or cancelled"})
    requested_at = fields.AwareDateTime(allow_none=True)
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)
    last_error = fields.String(allow_none=True)


class ReplaysAnswer(Body):
    """The newest first."""

    replays = fields.List(fields.Nested(ReplayAnswer), required=True)


class ReplayDoors:
    """What NotifyService inherits."""

    if TYPE_CHECKING:
        log: EventLog
        rows: Rows

    @door("POST", _REPLAYS, summary="Replay", body=ReplayBody, answer=ReplayAnswer, status=202, roles=MANAGERS)
    def replay(self, call: Call) -> Reply:
        """Events of the past are brought once more, marked `ce-replay`. With `dry_run` nothing is brought: the answer
        says how many events, how many bytes, and how long it is likely to take."""
        name, body = call.path["name"], dict(call.body)
        dry_run = body.pop("dry_run")
        wish = Wish(**body)
        if not dry_run:
            replay_id, _ = replays.request(self.log, self.rows, name, wish, call.signed_in, call.cause())
            return Reply(_found(self.rows, handlers.load(self.log, name, call.signed_in), replay_id))
        subscription = living(handlers.load(self.log, name, call.signed_in))
        replays.may_go(subscription, wish.target)
        known = replays.estimate(self.rows, subscription, wish)
        answer = {
            "dry_run": True,
            "name": name,
            "target": wish.target.value,
            "after": known.after,
            "until": known.until,
            "rate": wish.rate,
            "count": known.count,
            "bytes": known.bytes,
            "seconds": known.seconds,
        }
        return Reply(answer, status=200)

    @door("GET", _REPLAYS, summary="Replays", answer=ReplaysAnswer, roles=READERS)
    def replays(self, call: Call) -> Reply:
        """The newest fifty."""
        found = handlers.load(self.log, call.path["name"], call.signed_in)
        return Reply({"replays": [_shown(row) for row in replays.lately(self.rows, found)]})

    @door("GET", _REPLAY, summary="One replay", answer=ReplayAnswer, roles=READERS)
    def one_replay(self, call: Call) -> Reply:
        """Where it is, how fast it goes, and when it will be through."""
        found = handlers.load(self.log, call.path["name"], call.signed_in)
        return Reply(_found(self.rows, found, call.path["replay_id"]))

    @door("DELETE", _REPLAY, summary="End a replay", answer=ReplayAnswer, roles=MANAGERS)
    def cancel_replay(self, call: Call) -> Reply:
        """Nothing more of it is brought; what was brought stays."""
        found = handlers.load(self.log, call.path["name"], call.signed_in)
        replays.cancel(self.rows, found, call.path["replay_id"])
        return Reply(_found(self.rows, found, call.path["replay_id"]))


def _found(rows: Rows, subscription: Subscription, replay_id: UUID) -> dict[str, Any]:
    return _shown(replays.one(rows, subscription, replay_id))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    shown = {**row, "count": row["expected"], "dry_run": False}
    del shown["expected"]
    return shown
