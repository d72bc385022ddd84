"""What is remembered of webhooks: the retry schedule, the delivery log, the secrets that sign, and giving up."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from services.notify.subscriptions import handlers
from services.notify.subscriptions.secrets import Secrets
from shared.config import Config
from shared.contracts.envelope import Actor
from shared.courier.http import Caller, Networks
from shared.courier.webhook import Attempt, Schedule, Signers, Trouble
from shared.handling import Cause
from shared.kernel.clock import utc_now
from shared.kernel.errors import Conflict, NotFound
from shared.ports import EventLog, Rows

KEPT_FOR = timedelta(days=30)
_SWEEP = 10_000
"""Old attempts that are deleted at once."""
_TROUBLED = """
INSERT INTO notify.webhook_troubles (subscription_id, event_id, attempts, failing_since, next_at, error)
VALUES (%(id)s::uuid, %(event_id)s, %(attempts)s, %(failing_since)s, %(next_at)s, %(error)s)
ON CONFLICT (subscription_id) DO UPDATE
SET event_id = excluded.event_id, attempts = excluded.attempts, failing_since = excluded.failing_since,
    next_at = excluded.next_at, error = excluded.error
"""
_LOG = """
INSERT INTO notify.webhook_attempts
    (subscription_id, event_id, event_type, position, attempt, at, milliseconds, status, error, request, response)
SELECT %(id)s::uuid, event_id, event_type, position, attempt, at, milliseconds, status, error, request, response
FROM jsonb_to_recordset(%(attempts)s::jsonb) AS given(
    event_id text, event_type text, position bigint, attempt integer, at timestamptz, milliseconds integer,
    status integer, error text, request text, response text)
"""
_SWEPT = """
DELETE FROM notify.webhook_attempts
WHERE attempt_id IN (SELECT attempt_id FROM notify.webhook_attempts WHERE at < %s ORDER BY at LIMIT %s)
"""
_ATTEMPTS = """
SELECT attempt_id, event_id, event_type, position, attempt, at, milliseconds, status, error, request, response
FROM notify.webhook_attempts
WHERE subscription_id = %(id)s::uuid AND (%(before)s::bigint IS NULL OR attempt_id < %(before)s)
  AND (NOT %(failed)s OR error IS NOT NULL)
ORDER BY attempt_id DESC LIMIT %(limit)s
"""
_ROTATED = """
SELECT recorded_at FROM es.events
WHERE stream = %s AND type = 'subscription.secret_rotated' ORDER BY version DESC LIMIT 1
"""


class TableLedger:
    """`shared.courier.webhook.Ledger` on notify's tables."""

    def __init__(self, rows: Rows, log: EventLog) -> None:
        self._rows = rows
        self._log = log

    def trouble(self, subscription_id: UUID) -> Trouble | None:
        return trouble(self._rows, subscription_id)

    def troubled(self, subscription_id: UUID, trouble: Trouble) -> None:
        values = {"id": str(subscription_id), **dataclasses.asdict(trouble), "error": trouble.error[:500]}
        self._rows.execute(_TROUBLED, values)

    def recovered(self, subscription_id: UUID) -> None:
        self._rows.execute(
            "DELETE FROM notify.webhook_troubles WHERE subscription_id = %s::uuid", [str(subscription_id)]
        )

    def log(self, subscription_id: UUID, attempts: Sequence[Attempt]) -> None:
        write_down(self._rows, subscription_id, attempts)

    def disable(self, subscription_id: UUID, reason: str) -> None:
        found = self._rows.query(
            "SELECT name FROM notify.subscription_positions WHERE subscription_id = %s::uuid", [str(subscription_id)]
        )
        if not found:
            raise NotFound(f"the subscription {subscription_id} has no place in the log")
        cause = Cause(actor=Actor.service("notify"), at=utc_now())
        for _ in range(3):
            try:
                handlers.disable(self._log, str(found[0]["name"]), reason, cause)
                return
            except Conflict:
                continue
        handlers.disable(self._log, str(found[0]["name"]), reason, cause)

    def sweep(self) -> int:
        """Delete a part of what is older than the delivery log goes back; how many."""
        return self._rows.execute(_SWEPT, [utc_now() - KEPT_FOR, _SWEEP])


def trouble(rows: Rows, subscription_id: UUID) -> Trouble | None:
    """Why a webhook is not going on, if it is not."""
    found = rows.query(
        "SELECT event_id, attempts, failing_since, next_at, error FROM notify.webhook_troubles "
        "WHERE subscription_id = %s::uuid",
        [str(subscription_id)],
    )
    return Trouble(**found[0]) if found else None


def write_down(rows: Rows, subscription_id: UUID, attempts: Sequence[Attempt]) -> None:
    """Add to the delivery log."""
    values = orjson.dumps([dataclasses.asdict(one) for one in attempts]).decode()
    rows.execute(_LOG, {"id": str(subscription_id), "attempts": values})


def attempts_of(
    rows: Rows, subscription_id: UUID, *, before: int | None, limit: int, failed: bool
) -> list[dict[str, Any]]:
    """The newest attempts first."""
    return rows.query(_ATTEMPTS, {"id": str(subscription_id), "before": before, "limit": limit, "failed": failed})


def signers(rows: Rows, secrets: Secrets, subscription_id: UUID, generation: int, overlap: timedelta) -> Signers:
    """The present secret, and for a while after a rotation the one before. Raises Unavailable."""
    present = secrets.signing(subscription_id, generation)
    if generation == 1:
        return lambda _at: (present,)
    rotated_at: datetime = rows.query(_ROTATED, [f"subscription-{subscription_id}"])[0]["recorded_at"]
    before = secrets.signing(subscription_id, generation - 1)
    return lambda at: (present, before) if at < rotated_at + overlap else (present,)


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """How webhooks are called here."""

    networks: Networks
    schedule: Schedule
    overlap: timedelta
    patience: float = 15.0

    @classmethod
    def of(cls, config: Config) -> Rules:
        """Raises Invalid for settings that say nothing that could be followed."""
        return cls(
            Networks.of(str(config.get("WUJI_WEBHOOK_NETWORKS") or "").split(",")),
            Schedule.of(str(config.need("WUJI_WEBHOOK_RETRIES")), config.count("WUJI_WEBHOOK_HOURS")),
            timedelta(hours=config.count("WUJI_WEBHOOK_OVERLAP_HOURS")),
        )

    def caller(self, endpoint: str) -> Caller:
        return Caller(endpoint, self.networks, patience=self.patience)


@dataclasses.dataclass(frozen=True, slots=True)
class Brought:
    """An event that was sent before."""

    position: int
    attempts: int


def attempts_at(rows: Rows, subscription_id: UUID, event_id: str) -> Brought | None:
    """Where an event of the delivery log is, and how often it was sent; None when it is not there."""
    found = rows.query(
        "SELECT max(position) AS position, max(attempt) AS attempts FROM notify.webhook_attempts "
        "WHERE subscription_id = %s::uuid AND event_id = %s",
        [str(subscription_id), event_id],
    )[0]
    return None if found["position"] is None else Brought(found["position"], found["attempts"])
