"""The event log on PostgreSQL: what `shared.ports.EventLog` promises, with commits shared by concurrent callers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import psycopg2

from shared.contracts.envelope import Recorded
from shared.kernel.errors import Conflict, Forbidden, Invalid, Unavailable
from shared.ports import Append, Appended
from shared.postgres.connection import Pool, connect
from shared.postgres.encode import Prepared, append_statement, prepare
from shared.postgres.errors import is_broken, meaning
from shared.postgres.group import Entry, SharedCommit
from shared.postgres.read import ABOUT, ABOUT_ALL, STREAM, read_feed, revive_rows

Waiting = Entry[Prepared, Appended]
_ATTEMPTS = 20
_BULK_EVENTS = 2000


class PostgresLog:
    """The log as one process uses it. Safe for threads, plain or (with `green`) eventlet's."""

    def __init__(self, source: str | Pool, *, green: bool = False, patience: float = 5.0, lanes: int = 2) -> None:
        """`patience`: seconds to go on trying to learn the outcome when the connection dies during a commit.

        `lanes`: connections for appending; one batch of appends is under way on each at most.
        """
        self._pool = Pool(source, green=green) if isinstance(source, str) else source
        self._patience = patience
        self._writers: list[Any] = []
        self._shared: SharedCommit[Prepared, Appended] = SharedCommit(self._commit, lanes=lanes)

    # --- reading ------------------------------------------------------------------------------------------------

    def stream(self, stream: str) -> list[Recorded[Any]]:
        """All events of one stream, oldest first; empty when there is none."""
        return revive_rows(self._pool.read(STREAM, (_clean(stream),)))

    def about(self, correlation_id: UUID) -> list[Recorded[Any]]:
        """Every event of one issue, across all services, in order of position (unpositioned ones last)."""
        return revive_rows(self._pool.read(ABOUT, (str(correlation_id),)))

    def about_all(self, correlation_ids: Sequence[UUID]) -> dict[UUID, list[Recorded[Any]]]:
        """The events of several issues in one trip, each issue's in order of position; an unknown one is missing."""
        found: dict[UUID, list[Recorded[Any]]] = {}
        for recorded in revive_rows(self._pool.read(ABOUT_ALL, ([str(one) for one in correlation_ids],))):
            found.setdefault(recorded.correlation_id, []).append(recorded)
        return found

    def feed(self, after: int, limit: int) -> list[Recorded[Any]]:
        """The events at positions `after` + 1 … `after` + `limit`."""
        with self._pool.connection() as connection, connection.cursor() as cursor:
            return read_feed(cursor, after, limit)

    def seen(self, idempotency_key: str, request_hash: bytes | None = None) -> Appended | None:
        """The result that the key already has, if any. Raises Invalid when it was used for another request."""
        rows = self._pool.read(
            "SELECT stream, version, event_ids::text[], request_hash FROM es.idempotency WHERE key = %s",
            (_clean(idempotency_key),),
        )
        if not rows:
            return None
        stream, version, ids, stored_hash = rows[0]
        if request_hash is not None and stored_hash is not None and bytes(stored_hash) != request_hash:
            raise key_reused(idempotency_key)
        return Appended(stream, version, tuple(UUID(found) for found in ids), repeated=True)

    # --- appending ----------------------------------------------------------------------------------------------

    def append(self, append: Append) -> Appended:
        """Store it; see `EventLog.append`. Concurrent callers share a commit, and never each other's errors.

        When the connection dies during a commit the append is sent again on a new one: the stream's version and the
        key decide whether the first attempt had been stored, so it is neither doubled nor reported lost.
        """
        prepared, unsure = prepare(append), False
        for _ in range(_ATTEMPTS):
            try:
                return self._shared.submit(prepared, unsure=unsure)
            except _Again as again:
                unsure = again.unsure
        raise Conflict(f"{append.stream} is being written to from too many sides")

    def bulk_append(self, appends: Sequence[Append]) -> list[Appended | Exception]:
        """Store many at once, for importers; answers in the order given, an error in the place of each that failed.

        Sent in chunks of some two thousand events, each chunk one commit. Repeated keys answer their first result.
        """
        answers: list[Appended | Exception] = []
        for chunk in _chunks(appends):
            entries = [_entry(append) for append in chunk]
            ready = [entry for entry in entries if not entry.is_settled]
            for _ in range(_ATTEMPTS):
                if not ready:
                    break
                self._commit(ready)
                ready = [entry for entry in ready if isinstance(entry.error, _Again)]
            answers += [_outcome(entry) for entry in entries]
        return answers

    def close(self) -> None:
        """Close the connections; the log may be used again and will reconnect."""
        while self._writers:
            self._writers.pop().close()
        self._pool.close()

    def _commit(self, batch: list[Waiting]) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                self._commit_on_writer(batch)
                return
            except Unavailable as error:
                if not any(entry.unsure for entry in batch) or time.monotonic() > deadline:
                    for entry in batch:
                        entry.error = entry.error or error
                    return
                time.sleep(0.1)

    def _commit_on_writer(self, batch: list[Waiting]) -> None:
        """Writers are not the pool's: an append must not wait for a free reader."""
        writer: Any = None
        while self._writers and (writer is None or writer.closed):
            writer = self._writers.pop()
        if writer is None or writer.closed:
            writer = connect(self._pool.url, green=self._pool.green, application=self._pool.application)
        try:
            self._settle(writer, batch)
        except BaseException:
            writer.close()
            raise
        self._writers.append(writer)

    def _settle(self, connection: Any, batch: list[Waiting]) -> None:
        """Give every entry its answer or error. Raises Unavailable, entries marked unsure, when the connection died."""
        try:
            self._store(connection, batch)
            return
        except psycopg2.Error as error:
            if is_broken(error):
                for entry in batch:
                    entry.unsure = True
                raise Unavailable("the connection to the database died; whether it was stored is not known") from error
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
            if len(batch) == 1:
                batch[0].error = meaning(error) or error
                return
        # One of them is bad, and PostgreSQL cannot say which: each goes alone, and only the bad one fails.
        for entry in batch:
            self._settle(connection, [entry])

    def _store(self, connection: Any, batch: list[Waiting]) -> None:
        for entry in batch:
            entry.error = None
        has_companions = any(entry.item.append.companions for entry in batch)
        statement = append_statement([entry.item for entry in batch])
        with connection.cursor() as cursor:
            cursor.execute(b"BEGIN; " + statement if has_companions else statement)
            rows = list(zip(*cursor.fetchone(), strict=True))
            if has_companions:
                # One trip for the rows and the commit; when a row is wrong the server stops before the commit.
                cursor.execute(b"; ".join([*_inserts(cursor, _companions(batch, rows)), b"COMMIT"]))
            for entry, row in zip(batch, rows, strict=True):
                try:
                    entry.answer = _answer(cursor, entry, *row)
                except (Conflict, Forbidden, Invalid, _Again) as error:
                    entry.error = error


class _Again(Exception):
    """Another transaction was in the way; the same append goes again in a new one."""

    def __init__(self, unsure: bool) -> None:
        super().__init__()
        self.unsure = unsure


def _companions(batch: list[Waiting], rows: list[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows to insert beside the events of those that succeeded, by statement."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for entry, (outcome, _, _) in zip(batch, rows, strict=True):
        if outcome == "ok":
            for companion in entry.item.append.companions:
                found.setdefault(companion.statement, []).append(companion.row)
    return found


def _inserts(cursor: Any, companions: dict[str, list[tuple[Any, ...]]]) -> Iterator[bytes]:
    """Each statement with all its rows in the place of its `VALUES %s`."""
    for statement, rows in companions.items():
        before, _, after = statement.partition("%s")
        template = f"({', '.join(['%s'] * len(rows[0]))})"
        yield before.encode() + b", ".join(cursor.mogrify(template, row) for row in rows) + after.encode()


def _answer(cursor: Any, entry: Waiting, outcome: str, version: int | None, ids: str | None) -> Appended:
    append = entry.item.append
    mine = tuple(happening.event_id for happening in append.happenings)
    if outcome == "ok":
        return Appended(append.stream, append.expected + len(mine), mine)
    if outcome == "repeated" and ids is not None and version is not None:
        stream, *found = ids.split(" ")
        first = tuple(UUID(text) for text in found)
        return Appended(stream, version, first, repeated=not (entry.unsure and first == mine))
    if outcome == "conflict":
        if entry.unsure and _is_stored(cursor, append, mine):
            return Appended(append.stream, append.expected + len(mine), mine)
        raise Conflict(f"{append.stream} is at version {version}, not at {append.expected}: somebody else was first")
    if outcome == "key_reused":
        raise key_reused(append.idempotency_key or "")
    if outcome == "forbidden":
        category = append.stream.partition("-")[0]
        raise Forbidden(f"this service may not append to {category} streams with origin {append.origin.value}")
    raise _Again(entry.unsure)


def _is_stored(cursor: Any, append: Append, mine: tuple[UUID, ...]) -> bool:
    cursor.execute(
        "SELECT event_id FROM es.events WHERE stream = %s AND version > %s AND version <= %s ORDER BY version",
        (append.stream, append.expected, append.expected + len(mine)),
    )
    return tuple(UUID(found) for (found,) in cursor.fetchall()) == mine


def key_reused(key: str) -> Invalid:
    """The error of a key that comes again with another request."""
    return Invalid(
        f"the idempotency key {key[:80]!r} was used for another request",
        where="Idempotency-Key",
        hint="use a new key for a new request, the same key only to repeat one",
    )


def _entry(append: Append) -> Waiting:
    try:
        return Entry(prepare(append))
    except Invalid as error:
        failed: Waiting = Entry(Prepared(append, (), ()))
        failed.error = error
        return failed


def _outcome(entry: Waiting) -> Appended | Exception:
    if entry.answer is not None:
        return entry.answer
    if isinstance(entry.error, _Again):
        return Conflict(f"{entry.item.append.stream} is being written to from too many sides")
    return entry.error if isinstance(entry.error, Exception) else Unavailable("the append was interrupted")


def _chunks(appends: Sequence[Append]) -> Iterator[list[Append]]:
    chunk: list[Append] = []
    events = 0
    for append in appends:
        chunk.append(append)
        events += len(append.happenings)
        if events >= _BULK_EVENTS:
            yield chunk
            chunk, events = [], 0
    if chunk:
        yield chunk


def _clean(text: str) -> str:
    """Text that PostgreSQL can compare; what it could not hold is not in it either."""
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()
