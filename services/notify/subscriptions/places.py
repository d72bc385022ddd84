"""Where each subscription is in the log: the table that the courier moves, one compare-and-set at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.courier.ports import Standing
from shared.kernel.clock import utc_now
from shared.kernel.errors import NotFound
from shared.ports import Companion, Rows
from shared.rabbitmq.partners import Measured

_ADVANCE = """
UPDATE notify.subscription_positions
SET position = %(after)s, delivered = delivered + %(delivered)s, moved_at = now(),
    delivered_at = CASE WHEN %(delivered)s > 0 THEN now() ELSE delivered_at END,
    last_error = CASE WHEN %(delivered)s > 0 THEN NULL ELSE last_error END
WHERE subscription_id = %(id)s::uuid AND position = %(before)s
"""
_MEASURED = """
INSERT INTO notify.subscription_queues (subscription_id, ready, unacked, consumers, parked, measured_at)
VALUES (%(id)s::uuid, %(ready)s, %(unacked)s, %(consumers)s, %(parked)s, now())
ON CONFLICT (subscription_id) DO UPDATE
SET ready = excluded.ready, unacked = excluded.unacked, consumers = excluded.consumers, parked = excluded.parked,
    measured_at = excluded.measured_at
"""
# A courier that is killed between counting and telling the broker so counts one batch twice: never too few.
_DROPPED = """
INSERT INTO notify.subscription_drops (subscription_id, dropped, first_position, last_position, dropped_at)
VALUES (%(id)s::uuid, %(count)s, %(first)s, %(last)s, now())
ON CONFLICT (subscription_id) DO UPDATE
SET dropped = notify.subscription_drops.dropped + excluded.dropped,
    first_position = least(notify.subscription_drops.first_position, excluded.first_position),
    last_position = greatest(notify.subscription_drops.last_position, excluded.last_position), dropped_at = now()
"""


class TablePlaces:
    """`shared.courier.ports.Places` and `Ledger` on notify's tables."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def of(self, subscription_id: UUID) -> int:
        """Raises NotFound for one that has no place, Unavailable."""
        found = self._rows.query(
            "SELECT position FROM notify.subscription_positions WHERE subscription_id = %s::uuid",
            [str(subscription_id)],
        )
        if not found:
            raise NotFound(f"the subscription {subscription_id} has no place in the log")
        return int(found[0]["position"])

    def advance(self, subscription_id: UUID, before: int, after: int, delivered: int) -> bool:
        values = {"id": str(subscription_id), "before": before, "after": after, "delivered": delivered}
        return self._rows.execute(_ADVANCE, values) == 1

    def failed(self, subscription_id: UUID, error: str) -> None:
        self._rows.execute(
            "UPDATE notify.subscription_positions SET last_error = %s, last_error_at = now() "
            "WHERE subscription_id = %s::uuid",
            [error[:500], str(subscription_id)],
        )

    def measured(self, found: Sequence[Measured]) -> None:
        """Note what the broker said about queues."""
        for one in found:
            self._rows.execute(
                _MEASURED,
                {
                    "id": str(one.subscription_id),
                    "ready": one.ready,
                    "unacked": one.unacked,
                    "consumers": one.consumers,
                    "parked": one.parked,
                },
            )

    def dropped(self, subscription_id: UUID, positions: Sequence[int]) -> None:
        """Note what a full queue threw away."""
        self._rows.execute(
            _DROPPED,
            {
                "id": str(subscription_id),
                "count": len(positions),
                "first": min(positions),
                "last": max(positions),
            },
        )

    def standings(self) -> list[Standing]:
        return [
            Standing(
                name=row["name"],
                position=row["position"],
                lag_events=row["lag_events"],
                lag_seconds=row["lag_seconds"],
                delivered=row["delivered"],
                unacked=row["unacked"] or 0,
                parked=row["parked"] or 0,
                dropped=row["dropped"] or 0,
            )
            for row in standings(self._rows)
        ]


_STANDINGS = """
WITH head AS (SELECT coalesce(max(position), 0) AS position FROM es.feed)
SELECT p.subscription_id, p.name, p.position, head.position AS head, p.delivered, p.delivered_at, p.last_error,
       p.last_error_at, greatest(head.position - p.position, 0) AS lag_events,
       greatest(coalesce(extract(epoch FROM clock_timestamp() - next.recorded_at), 0), 0)::float AS lag_seconds,
       q.ready, q.unacked, q.consumers, q.parked, q.measured_at,
       d.dropped, d.first_position AS dropped_from, d.last_position AS dropped_to, d.dropped_at
FROM notify.subscription_positions p CROSS JOIN head
LEFT JOIN es.feed next ON next.position = p.position + 1
LEFT JOIN notify.subscription_queues q USING (subscription_id)
LEFT JOIN notify.subscription_drops d USING (subscription_id)
WHERE (%(name)s::text IS NULL OR p.name = %(name)s)
  AND NOT EXISTS (SELECT FROM es.events e
                  WHERE e.stream = 'subscription-' || p.subscription_id AND e.type = 'subscription.deleted')
ORDER BY p.name
"""


def standings(rows: Rows, name: str | None = None) -> list[dict[str, Any]]:
    """Where all stand, or the one with this name."""
    return rows.query(_STANDINGS, {"name": name})


def placed(subscription_id: UUID, name: str, after: int) -> Companion:
    """The row that puts a subscription to a place, stored together with the event that says so."""
    return Companion(
        "INSERT INTO notify.subscription_positions (subscription_id, name, position) VALUES %s "
        "ON CONFLICT (subscription_id) DO UPDATE SET position = excluded.position, moved_at = now()",
        (str(subscription_id), name, after),
    )


def forgiven(subscription_id: UUID) -> Companion:
    """Whoever resumes a webhook begins its schedule anew, together with the event that says so."""
    return Companion(
        "INSERT INTO notify.webhook_troubles (subscription_id, event_id, attempts, failing_since, next_at, error) "
        "VALUES %s ON CONFLICT (subscription_id) DO UPDATE "
        "SET event_id = excluded.event_id, attempts = 0, failing_since = now(), next_at = now()",
        (str(subscription_id), "", 0, utc_now(), utc_now(), "resumed"),
    )


_FIRST_SINCE = """
SELECT coalesce(min(position) - 1, (SELECT coalesce(max(position), 0) FROM es.feed)) AS after
FROM es.feed WHERE position > %(from)s AND recorded_at >= %(at)s
"""
_AT = "SELECT recorded_at FROM es.feed WHERE position = %s"
# Events that were committed at almost the same time may stand in the log a little out of the order of their times.
_SLACK = 20_000


def head(rows: Rows) -> int:
    """The last position that was given."""
    return int(rows.query("SELECT coalesce(max(position), 0) AS head FROM es.feed")[0]["head"])


def after_time(rows: Rows, at: datetime) -> int:
    """The position before the first event that was recorded at this time or later."""
    low, high = 0, head(rows)
    while low < high:
        middle = (low + high + 1) // 2
        if rows.query(_AT, [middle])[0]["recorded_at"] < at:
            low = middle
        else:
            high = middle - 1
    return int(rows.query(_FIRST_SINCE, {"from": max(0, low - _SLACK), "at": at})[0]["after"])
