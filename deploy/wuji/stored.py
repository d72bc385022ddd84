"""Events as they lie in the log, for the commands that show them: one row each, newest types included."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from shared.contracts import words
from shared.kernel.clock import utc_now
from shared.kernel.errors import Invalid

COLUMNS = """f.position, e.event_id::text, e.stream, e.version, e.type, e.schema_version, e.data, e.area, e.actor,
    e.correlation_id::text, e.causation_id::text, e.origin, e.occurred_at, e.recorded_at"""
FIELDS = (
    "position", "event_id", "stream", "version", "type", "schema_version", "data", "area", "actor",
    "correlation_id", "causation_id", "origin", "occurred_at", "recorded_at",
)  # fmt: skip
NAMES = words.TYPES | {
    "notice.requested": "待通知",
    "notice.delivered": "已通知",
    "notice.failed": "通知失败",
    "subject.erased": "擦除个人信息",
    "appointment.started": "到岗",
    "appointment.ended": "离岗",
}
"""Chinese names of the public events, and of those that stay inside."""
JOIN = "es.feed f JOIN es.events e ON e.txid = f.txid AND e.seq = f.seq AND e.recorded_at = f.recorded_at"

Row = dict[str, Any]


def as_rows(found: Sequence[tuple[Any, ...]]) -> list[Row]:
    """The answer of a query for COLUMNS."""
    return [dict(zip(FIELDS, row, strict=True)) for row in found]


@dataclass(frozen=True)
class Wanted:
    """Which events to show."""

    type: str | None = None
    """A type, or a pattern with `*`: `case.*`."""
    area: str | None = None
    """An area's path: it and everything below it."""

    def condition(self) -> tuple[str, list[Any]]:
        """SQL and its parameters."""
        parts, parameters = ["true"], list[Any]()
        if self.type:
            parts.append("e.type LIKE %s")
            parameters.append(like(self.type))
        if self.area:
            parts.append("(e.area = %s OR e.area LIKE %s)")
            parameters += [self.area, like(self.area) + ".%"]
        return " AND ".join(parts), parameters


def like(pattern: str) -> str:
    """A pattern with `*` as SQL's LIKE wants it."""
    escaped = re.sub(r"([%_\\])", r"\\\1", pattern)
    return escaped.replace("*", "%")


def after(cursor: Any, position: int, wanted: Wanted, limit: int) -> tuple[list[Row], int]:
    """Events behind a position, and the position up to which the log was looked through."""
    condition, parameters = wanted.condition()
    cursor.execute(
        f"SELECT {COLUMNS} FROM {JOIN} WHERE f.position > %s AND f.position <= %s AND {condition} ORDER BY f.position",
        [position, position + limit, *parameters],
    )
    found = as_rows(cursor.fetchall())
    return found, min(position + limit, head(cursor))


def last(cursor: Any, count: int, wanted: Wanted) -> list[Row]:
    """The newest events, oldest of them first."""
    condition, parameters = wanted.condition()
    cursor.execute(
        f"SELECT {COLUMNS} FROM {JOIN} WHERE {condition} ORDER BY f.position DESC LIMIT %s", [*parameters, count]
    )
    return as_rows(cursor.fetchall())[::-1]


def head(cursor: Any) -> int:
    """The last position given."""
    cursor.execute("SELECT coalesce(max(position), 0) FROM es.feed")
    return int(cursor.fetchone()[0])


def about(cursor: Any, correlation_id: str) -> list[Row]:
    """Everything about one issue, in the order of the log; what has no position yet comes last."""
    cursor.execute(
        f"SELECT {COLUMNS} FROM es.events e LEFT JOIN es.feed f ON f.txid = e.txid AND f.seq = e.seq "
        "WHERE e.correlation_id = %s ORDER BY f.position NULLS LAST, e.txid, e.seq",
        (correlation_id,),
    )
    return as_rows(cursor.fetchall())


def by_id(cursor: Any, event_id: UUID) -> Row | None:
    """One event by its id. Most ids begin with their time, so a few days' rows are looked at before all others."""
    statement = (
        f"SELECT {COLUMNS} FROM es.events e LEFT JOIN es.feed f ON f.txid = e.txid AND f.seq = e.seq "
        "WHERE e.event_id = %s"
    )
    if event_id.version == 7:
        born = datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC)
        day = timedelta(days=1)
        near = f"{statement} AND e.recorded_at BETWEEN %s AND %s"
        cursor.execute(near, (str(event_id), born - day, born + day))
        if found := as_rows(cursor.fetchall()):
            return found[0]
    cursor.execute(statement, (str(event_id),))
    return next(iter(as_rows(cursor.fetchall())), None)


def starting_position(cursor: Any, text: str) -> int:
    """The position before the first event to show: `184203`, `-1h`, `2026-11-01`. Raises Invalid."""
    if text.isdigit():
        return max(int(text) - 1, 0)
    cursor.execute(
        "SELECT coalesce(min(position) - 1, (SELECT coalesce(max(position), 0) FROM es.feed)) FROM es.feed "
        "WHERE recorded_at >= %s",
        (moment(text),),
    )
    return int(cursor.fetchone()[0])


def moment(text: str) -> datetime:
    """`-90s`, `-15m`, `-1h`, `-2d` before now, or an ISO date or time (UTC when it names no zone)."""
    back = re.fullmatch(r"-(\d+)([smhd])", text)
    if back:
        return utc_now() - int(back[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[back[2]] * timedelta(seconds=1)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            f"{text!r} is no position and no time", where="--from", hint="184203, -1h or 2026-11-01"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@cache
def titles() -> dict[str, str]:
    """Event type → its Chinese name, written down or from the first line of its definition."""
    from shared.contracts import catalogue

    catalogue.load()
    found = {}
    for name, kind in catalogue.CURRENT.items():
        named = re.search(r"\(([一-鿿][一-鿿、/ ]*)\)", kind.shape.__doc__ or "")
        found[name] = NAMES.get(name) or (named[1] if named else name)
    return found


def title(name: str) -> str:
    """What people call an event of this type."""
    found = titles().get(name, name)
    return f"{found} {name}" if found != name else name
