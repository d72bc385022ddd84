"""Verifies the whole log from outside the database: hash chains, versions, heads of streams, and the feed.

The hashes are computed here, in Python, and not by the function that wrote them; `es.verify_chain()` is the same
check in SQL, for an auditor without our programs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from shared.postgres.errors import translated

Progress = Callable[[int, int], None]
"""Told from time to time: events verified so far, events in all (an estimate at first)."""

_FIELDS = (
    "stream, version, event_id, type, schema_version, area, actor::text, correlation_id, causation_id, origin, "
    "traceparent, idempotency_key, occurred_at, recorded_at, data::text, hash"
)
_EVERY = 5000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written."""

    where: str
    """A stream, or `feed`."""
    place: int
    """The version in the stream, or the position in the feed."""
    problem: str

    def __str__(self) -> str:
        return f"{self.where} at {self.place}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at and what was found: of each stream only the first broken event."""

    streams: int
    events: int
    positions: int
    findings: tuple[Finding, ...]

    @property
    def is_whole(self) -> bool:
        return not self.findings


def verify(connection: Any, streams: Iterable[str] | None = None, progress: Progress | None = None) -> Verified:
    """Verify all streams and the feed, or only the chains of some streams. Reads one consistent snapshot.

    `connection` is a plain (not green) one in autocommit mode, as a role that may read `es`.
    """
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
    try:
        with translated(), connection.cursor() as control:
            control.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
            return _verify(connection, control, None if streams is None else list(streams), progress)
    finally:
        if not connection.closed:
            connection.rollback()
            connection.set_session(isolation_level="DEFAULT", readonly="DEFAULT", autocommit=True)


def _verify(connection: Any, control: Any, streams: list[str] | None, progress: Progress | None) -> Verified:
    where = "" if streams is None else "WHERE stream = ANY (%(streams)s)"
    control.execute(f"SELECT stream, version, last_hash FROM es.streams {where}", {"streams": streams})
    heads = {stream: (version, bytes(last_hash)) for stream, version, last_hash in control.fetchall()}
    total = sum(version for version, _ in heads.values())
    findings: list[Finding] = []
    events = 0
    with connection.cursor(name="verify") as rows:
        rows.itersize = _EVERY
        # Byte order, so that a stream's events come together whatever the database's locale.
        order = 'ORDER BY stream COLLATE "C", version'
        rows.execute(f"SELECT {_FIELDS} FROM es.events {where} {order}", {"streams": streams})
        for stream, history in groupby(_counted(rows, total, progress), key=itemgetter(0)):
            finding, count = _chain(stream, history, heads.pop(stream, None))
            events += count
            if finding is not None:
                findings.append(finding)
    findings += [
        Finding(stream, version, "the stream has a head but no events") for stream, (version, _) in heads.items()
    ]
    positions = 0
    if streams is None:
        control.execute("SELECT count(*) FROM es.feed")
        positions = control.fetchone()[0]
        findings += _feed(control)
    control.execute(f"SELECT count(*) FROM es.streams {where}", {"streams": streams})
    return Verified(control.fetchone()[0], events, positions, tuple(findings))


def _counted(rows: Iterable[Any], total: int, progress: Progress | None) -> Iterator[Any]:
    done = 0
    for row in rows:
        yield row
        done += 1
        if progress is not None and done % _EVERY == 0:
            progress(done, max(done, total))
    if progress is not None:
        progress(done, done)


def _chain(stream: str, history: Iterable[Any], head: tuple[int, bytes] | None) -> tuple[Finding | None, int]:
    """The first thing wrong in one stream, and how many events it has."""
    finding, before, count = None, b"", 0
    for row in history:
        count += 1
        stored = bytes(row[-1])
        if finding is None and row[1] != count:
            finding = Finding(stream, count, f"a hole: the next version is {row[1]}")
        elif finding is None and stored != event_hash(before, row[:-1]):
            finding = Finding(stream, row[1], "the hash does not follow from the event and the one before it")
        before = stored
    if finding is None and head is None:
        finding = Finding(stream, count, "events of a stream without a head")
    elif finding is None and head != (count, before):
        finding = Finding(stream, count, f"the head of the stream is at {head and head[0]}, not its last event")
    return finding, count


def event_hash(before: bytes, fields: Iterable[Any]) -> bytes:
    """sha256 of the hash before and the fields, in the order of `es.event_hash`, joined by 0x1f."""
    return hashlib.sha256(before + "\x1f".join(map(_canonical, fields)).encode()).digest()


def _canonical(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return str(value)


_FEED_CHECKS = (
    (
        "positions are missing before this one",
        "SELECT position FROM (SELECT position, position - coalesce(lag(position) OVER (ORDER BY position), 0) AS step "
        "FROM es.feed) f WHERE step <> 1 ORDER BY 1 LIMIT 100",
    ),
    (
        "the order is not that of the transactions",
        "SELECT position FROM (SELECT position, (txid, seq) <= lag((txid, seq)) OVER (ORDER BY position) AS is_back "
        "FROM es.feed) f WHERE is_back ORDER BY 1 LIMIT 100",
    ),
    (
        "the position has no event",
        "SELECT position FROM es.feed f WHERE NOT EXISTS (SELECT FROM es.events e WHERE e.txid = f.txid "
        "AND e.seq = f.seq AND e.recorded_at = f.recorded_at) ORDER BY 1 LIMIT 100",
    ),
)
_UNFED = """
    SELECT e.stream, e.version FROM es.events e
    WHERE (e.txid, e.seq) <= (SELECT txid, seq FROM es.feed ORDER BY position DESC LIMIT 1)
      AND NOT EXISTS (SELECT FROM es.feed f WHERE f.txid = e.txid AND f.seq = e.seq)
    ORDER BY e.txid, e.seq LIMIT 100
"""


def _feed(cursor: Any) -> list[Finding]:
    """Holes, disorder, positions without events, and events that were passed over; the first hundred of each."""
    findings = []
    for problem, statement in _FEED_CHECKS:
        cursor.execute(statement)
        findings += [Finding("feed", position, problem) for (position,) in cursor.fetchall()]
    cursor.execute(_UNFED)
    findings += [
        Finding(stream, version, "the event was passed over by the feed") for stream, version in cursor.fetchall()
    ]
    return findings
