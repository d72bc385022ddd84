"""Replays as resources: what one would bring, asking for one, and where each of them is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.subscriptions import domain, handlers, places
from services.notify.subscriptions.domain import Subscription, evolve, living, stream_of
from services.notify.subscriptions.matching import matches, needs_facts
from services.notify.subscriptions.selection import wanted_of
from shared.contracts.message import Stored
from shared.contracts.public import public_types
from shared.contracts.subscription import DeliveryKind, Filter, ReplayTarget
from shared.courier.replay import Replay
from shared.handling import Cause, amend
from shared.kernel.errors import Invalid, NotFound, Refused
from shared.kernel.ids import derived_id, new_id
from shared.ports import Companion, EventLog, Rows
from shared.postgres.stored import WINDOW
from shared.security.permission import Asker

_USUAL_SPEED = 2000.0
"""Events a second, until a replay has been measured here."""
_STEP = 2000
_COUNT = """
SELECT count(*) AS count, coalesce(sum(octet_length(e.data::text)), 0)::bigint AS bytes
FROM es.feed f JOIN es.events e ON e.txid = f.txid AND e.seq = f.seq AND e.recorded_at = f.recorded_at
WHERE f.position > %(after)s AND f.position <= %(until)s AND e.type = ANY (%(types)s)
  AND (%(anywhere)s OR e.area = ANY (%(areas)s) OR e.area LIKE ANY (%(below)s))
"""
_SPEED = """
SELECT (sum(delivered) / nullif(sum(extract(epoch FROM finished_at - started_at)), 0))::float AS speed
FROM (SELECT delivered, finished_at, started_at FROM notify.replays
      WHERE state = 'done' AND rate IS NULL AND target = %s AND delivered >= 1000
      ORDER BY requested_at DESC LIMIT 5) lately
"""
_COLUMNS = """
replay_id, name, target, after, until, rate, expected, position, delivered, state, requested_at, started_at,
finished_at, last_error,
(delivered / nullif(extract(epoch FROM coalesce(finished_at, clock_timestamp()) - started_at), 0))::float AS per_second
"""
_ADVANCE = """
UPDATE notify.replays
SET position = %(after)s, delivered = delivered + %(delivered)s, started_at = coalesce(started_at, now()),
    last_error = CASE WHEN %(delivered)s > 0 THEN NULL ELSE last_error END
WHERE replay_id = %(id)s::uuid AND position = %(before)s AND state = 'running'
"""
_END = """
UPDATE notify.replays SET state = %s, finished_at = clock_timestamp(), last_error = coalesce(%s, last_error)
WHERE replay_id = %s::uuid AND state = 'running'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be brought once more: from a position or a time on, to a position or the end of the log."""

    from_position: int | None = None
    from_time: datetime | None = None
    to_position: int | None = None
    target: ReplayTarget = ReplayTarget.SHADOW
    rate: int | None = None

    def span(self, rows: Rows) -> tuple[int, int]:
        """(after, until). Raises Invalid for a span that the log does not have."""
        head = places.head(rows)
        if (self.from_position is None) == (self.from_time is None):
            raise Invalid("a replay begins at a position or at a time: say one of them", where="from_position")
        first = self.from_position or 1
        after = first - 1 if self.from_time is None else places.after_time(rows, self.from_time)
        until = head if self.to_position is None else self.to_position
        if until > head:
            raise Invalid(f"the log ends at position {head}", where="to_position")
        if after > until:
            raise Invalid(f"there is nothing from {after + 1} to {until}", where="from_position")
        return after, until


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a replay would bring."""

    after: int
    until: int
    count: int
    bytes: int
    """Of the events' bodies as they are stored."""
    seconds: float
    """How long it would take, judged by the last replays and the wished rate."""


def estimate(rows: Rows, subscription: Subscription, wish: Wish) -> Estimate:
    """Count what a replay would bring, without bringing it. Raises Invalid, Unavailable."""
    after, until = wish.span(rows)
    count, size = counted(rows, subscription.filter, after, until)
    measured = rows.query(_SPEED, [wish.target.value])[0]["speed"] or _USUAL_SPEED
    speed = measured if wish.rate is None else min(measured, wish.rate)
    return Estimate(after, until, count, size, count / speed)


def counted(rows: Rows, wanted: Filter, after: int, until: int) -> tuple[int, int]:
    """How many events of a span the filter wants, and the bytes of their bodies."""
    if not needs_facts(wanted):
        plain = Filter(types=wanted.types, areas=(), issue_types=(), departments=())
        values = {
            "after": after,
            "until": until,
            "types": [name for name in public_types() if matches(plain, name, "")],
            "anywhere": not wanted.areas,
            "areas": list(wanted.areas),
            "below": [f"{area}.%" for area in wanted.areas],
        }
        found = rows.query(_COUNT, values)[0]
        return int(found["count"]), int(found["bytes"])
    count = size = 0
    for start in range(after, until, _STEP):
        chosen = wanted_of(wanted, rows, stored_after(rows, start, min(_STEP, until - start)))
        count += len(chosen)
        size += sum(len(one.body) for one in chosen)
        # Others of this process want their turn too.
        time.sleep(0)
    return count, size


def stored_after(rows: Rows, after: int, limit: int) -> list[Stored]:
    """The events at positions `after` + 1 … `after` + `limit`."""
    found = rows.query(WINDOW, {"after": after, "limit": limit})
    values = [tuple(row.values()) for row in found]
    return [Stored._make((*one[:6], one[6].encode(), *one[7:])) for one in values]


def request(
    log: EventLog, rows: Rows, name: str, wish: Wish, asker: Asker, cause: Cause
) -> tuple[UUID, Estimate | None]:
    """Ask for a replay; its id. Raises NotFound, Forbidden, Invalid, and Refused where there is nothing to bring to."""
    found = living(handlers.load(log, name, asker))
    may_go(found, wish.target)
    if cause.idempotency_key is not None and log.seen(cause.idempotency_key, cause.request_hash) is not None:
        return derived_id("replay", cause.idempotency_key), None
    replay_id = new_id() if cause.idempotency_key is None else derived_id("replay", cause.idempotency_key)
    known = estimate(rows, found, wish)
    row = (str(replay_id), str(found.subscription_id), name, wish.target.value)
    companion = Companion(
        "INSERT INTO notify.replays "
        "(replay_id, subscription_id, name, target, after, until, rate, expected, position) "
        "VALUES %s ON CONFLICT (replay_id) DO NOTHING",
        (*row, known.after, known.until, wish.rate, known.count, known.after),
    )
    amend(
        log,
        stream_of(name),
        evolve,
        lambda one: domain.replay(one, replay_id, known.after, known.until, wish.target, wish.rate),
        cause,
        companions=(companion,),
    )
    return replay_id, known


def may_go(found: Subscription, target: ReplayTarget) -> None:
    """Raises Refused for a replay that has no way to the subscriber."""
    if found.delivery is DeliveryKind.PULL:
        raise Refused(
            "a pull feed is replayed by asking again: after=<position>", rule="replay.pull", hint="GET /api/v1/events"
        )
    if found.delivery is DeliveryKind.WEBHOOK and target is ReplayTarget.SHADOW:
        raise Refused("a webhook has no queue beside it", rule="replay.no_shadow", where="target", hint="target: live")


def one(rows: Rows, subscription: Subscription, replay_id: UUID) -> dict[str, Any]:
    """Where a replay is. Raises NotFound."""
    found = rows.query(
        f"SELECT {_COLUMNS} FROM notify.replays WHERE subscription_id = %s::uuid AND replay_id = %s::uuid",
        [str(subscription.subscription_id), str(replay_id)],
    )
    if not found:
        raise NotFound(f"{subscription.name} has no replay {replay_id}")
    return _shown(found[0])


def lately(rows: Rows, subscription: Subscription, limit: int = 50) -> list[dict[str, Any]]:
    """The newest replays first."""
    statement = (
        f"SELECT {_COLUMNS} FROM notify.replays WHERE subscription_id = %s::uuid ORDER BY requested_at DESC LIMIT %s"
    )
    return [_shown(row) for row in rows.query(statement, [str(subscription.subscription_id), limit])]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    span, gone = row["until"] - row["after"], row["position"] - row["after"]
    done = 1.0 if span == 0 else gone / span
    speed = row["per_second"]
    left = max(0, row["expected"] - row["delivered"])
    row["progress"] = done
    row["seconds_left"] = left / speed if speed and row["state"] == "running" else None
    beside = f"sub.{row['name']}.{queue_suffix(UUID(str(row['replay_id'])))}"
    row["queue"] = beside if row["target"] == ReplayTarget.SHADOW.value else None
    return row


def queue_suffix(replay_id: UUID) -> str:
    """`replay.<short id>`: what follows the subscription's queue name."""
    return f"replay.{replay_id.hex[-8:]}"


def cancel(rows: Rows, subscription: Subscription, replay_id: UUID) -> None:
    """Bring nothing more of it. Twice is once. Raises NotFound."""
    one(rows, subscription, replay_id)
    rows.execute(_END, ["cancelled", None, str(replay_id)])


class TableReplays:
    """`shared.courier.replay.Replays` on notify's table."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def running(self) -> Sequence[Replay]:
        found = self._rows.query(
            "SELECT replay_id, subscription_id, position, until, rate, target FROM notify.replays "
            "WHERE state = 'running' ORDER BY requested_at"
        )
        return [
            Replay(
                replay_id=UUID(str(row["replay_id"])),
                subscription_id=UUID(str(row["subscription_id"])),
                position=row["position"],
                until=row["until"],
                rate=row["rate"],
                is_live=row["target"] == ReplayTarget.LIVE.value,
            )
            for row in found
        ]

    def advance(self, replay_id: UUID, before: int, after: int, delivered: int) -> bool:
        values = {"id": str(replay_id), "before": before, "after": after, "delivered": delivered}
        return self._rows.execute(_ADVANCE, values) == 1

    def failed(self, replay_id: UUID, error: str) -> None:
        self._rows.execute(
            "UPDATE notify.replays SET last_error = %s WHERE replay_id = %s::uuid", [error[:500], str(replay_id)]
        )

    def done(self, replay_id: UUID) -> None:
        self._rows.execute(_END, ["done", None, str(replay_id)])

    def cancel(self, replay_id: UUID, reason: str) -> None:
        self._rows.execute(_END, ["cancelled", reason, str(replay_id)])
