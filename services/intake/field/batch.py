"""A batch of reports that were gathered without a network: each item is judged by itself, and told once for ever.

An item is known by the account and the device's own id for it. What was stored is answered again, whatever else has
changed since; one bad item never keeps the others out; the order does not matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from marshmallow import ValidationError

from services.intake import duplicates, handlers
from services.intake.desk import Desk
from services.intake.domain import Told
from services.intake.field.schemas import FieldItem
from services.intake.handlers import Receipt
from services.intake.telling import told_of
from shared.contracts.report import ReportSubmitted
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Invalid, Unavailable, WujiError
from shared.kernel.ids import derived_id
from shared.ports import EventLog
from shared.security.permission import Asker

OLDEST = timedelta(days=30)
AHEAD = timedelta(minutes=5)
"""How far ahead of ours a clock may be that is nearly right."""
_SCHEMA = FieldItem()


@dataclass(frozen=True, slots=True)
class Sent:
    """Who sent the batch and when, by our clock and by theirs."""

    by: Asker
    received_at: datetime
    sent_at: datetime | None
    traceparent: str | None

    def instant(self, captured_at: datetime) -> datetime:
        """When it was, by our clock. Raises Invalid for what lies ahead of us, or too far behind."""
        skew = timedelta() if self.sent_at is None else self.received_at - self.sent_at
        found = captured_at + skew if abs(skew) > AHEAD else captured_at
        if found > self.received_at + AHEAD:
            raise _wrong_time("lies in the future", "the device's clock is wrong: send sent_at, too")
        if found < self.received_at - OLDEST:
            raise _wrong_time(f"lies more than {OLDEST.days} days back", "report it anew, as it is today")
        return min(found, self.received_at)


@dataclass(slots=True)
class Batch:
    """One batch while it is taken in."""

    log: EventLog
    desk: Desk
    sent: Sent
    stored: dict[str, tuple[ReportSubmitted, Area, datetime]] = field(default_factory=dict)
    """Report id → what this batch has stored, which the tables do not know yet."""

    def take(self, items: Sequence[Any]) -> list[dict[str, Any]]:
        """One result per item. Raises Unavailable when the log is: whatever was stored is answered the next time."""
        results = [self._result(item) for item in items]
        for result in results:
            known = self.stored.get(str(result.get("report_id")))
            if known is not None:
                # When all are stored: which of two came first says nothing about them.
                result["candidates"] = duplicates.candidates(self.desk.rows, known[0], known[1], self._beside())
        return results

    def _result(self, raw: Any) -> dict[str, Any]:
        client_id = raw.get("client_id") if isinstance(raw, dict) else None
        named = client_id[:100] if isinstance(client_id, str) else None
        try:
            return {"client_id": named, **self._taken(raw)}
        except (Unavailable, Conflict):
            raise
        except WujiError as error:
            said = {"detail": str(error), "where": error.where, "hint": error.hint}
            errors = error.errors if isinstance(error, Invalid) else None
            found = {name: value for name, value in (said | {"errors": errors}).items() if value}
            return {"client_id": named, "result": "invalid", **found}

    def _taken(self, raw: Any) -> dict[str, Any]:
        item = _loaded(raw)
        account, client_id = self.sent.by.id, item["client_id"]
        key, request = f"intake:field:{account}:{client_id}", _hash(raw)
        before = self.log.seen(key, request)
        told = told_of(self.desk.rows, item, self.sent.by)
        if before is not None:
            first = self.log.stream(before.stream)[0]
            return self._stored(first.event, first.area, first.occurred_at, "seen_before")
        cause = Cause(
            actor=self.sent.by.actor,
            at=self.sent.instant(item["captured_at"]),
            idempotency_key=key,
            request_hash=request,
            traceparent=self.sent.traceparent,
        )
        receipt = self._tell(told, item["self_handled"], cause, derived_id("report", "field", account, client_id))
        result = "seen_before" if receipt.repeated else "accepted"
        return self._stored(receipt.submitted, told.area, receipt.at, result)

    def _tell(self, told: Told, done: dict[str, Any] | None, cause: Cause, report_id: UUID) -> Receipt:
        if done is None:
            return handlers.submit(self.log, self.desk, told, cause, report_id)
        return handlers.submit_self_handled(self.log, self.desk, told, handlers.Done(**done), cause, report_id)

    def _stored(self, told: ReportSubmitted, area: Area, at: datetime, result: str) -> dict[str, Any]:
        self.stored[str(told.report_id)] = (told, area, at)
        return {"result": result, "report_id": told.report_id, "number": told.number}

    def _beside(self) -> list[dict[str, Any]]:
        return [
            {
                "report_id": told.report_id,
                "number": told.number,
                "area": area.path,
                "state": "reported",
                "issue_type": told.issue_type,
                "title": told.title,
                "words": told.words,
                "place": told.place,
                "lat": None if told.point is None else told.point.lat,
                "lon": None if told.point is None else told.point.lon,
                "reported_at": at,
            }
            for told, area, at in self.stored.values()
        ]


def _loaded(raw: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] = _SCHEMA.load(raw)
    except ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {"item": error.messages}
        named = ", ".join(str(name)[:60] for name in list(messages)[:5])
        raise Invalid(f"see {named}", where=named, errors=dict(messages)) from error
    except (OverflowError, RecursionError, UnicodeError) as error:
        raise Invalid("the item holds a value that is out of all range", where="item") from error
    return found


def _hash(raw: dict[str, Any]) -> bytes:
    """Of what was said, whatever the order in which it was said."""
    return hashlib.sha256(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS)).digest()


def _wrong_time(said: str, hint: str) -> Invalid:
    return Invalid(f"captured_at {said}", where="captured_at", hint=hint, errors={"captured_at": [said]})
