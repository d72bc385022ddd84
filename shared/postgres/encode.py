"""Turns appends into the one SQL statement that stores them.

Arrays travel as literals: the server reads `'{a,b}'::text[]` several times faster than `ARRAY['a','b']` or JSON.
What can be wrong with one append is found here, before it shares a statement with its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import orjson

from shared.contracts import catalogue, codec
from shared.contracts.envelope import Actor
from shared.kernel.errors import Invalid
from shared.ports import Append

_STREAM = re.compile(r"[a-z][a-z_]*-[^\x00-\x20\x7f]+")


class Prepared(NamedTuple):
    """One append, checked, its values already written as members of array literals."""

    append: Append
    scalars: tuple[str, ...]
    events: tuple[tuple[str, ...], ...]


def prepare(append: Append) -> Prepared:
    """Check and encode an append. Raises Invalid naming what cannot be stored."""
    if not _STREAM.fullmatch(append.stream):
        raise Invalid(f"{append.stream[:80]!r} is no stream: <category>-<id>", where="stream")
    if not append.happenings:
        raise Invalid("an append needs at least one event", where="happenings")
    if append.expected < 0:
        raise Invalid("a stream's version is never negative", where="expected")
    scalars = (
        _text(append.stream, "stream"),
        str(append.expected),
        str(len(append.happenings)),
        _area(append.area.path),
        _actor(append.actor),
        str(append.correlation_id),
        "NULL" if append.causation_id is None else str(append.causation_id),
        append.origin.value,
        _text(append.traceparent or None, "traceparent"),
        _text(append.idempotency_key or None, "idempotency_key"),
        "NULL" if append.request_hash is None else f'"\\\\x{append.request_hash.hex()}"',
    )
    return Prepared(append, scalars, _events(append))


@lru_cache(maxsize=4096)
def _area(path: str) -> str:
    return _text(path, "area")


@lru_cache(maxsize=4096)
def _actor(actor: Actor) -> str:
    return _text(actor_json(actor), "actor")


def actor_json(actor: Actor) -> str:
    """The actor as it is stored, and hashed."""
    return dumps({"id": actor.id, "role": actor.role} | ({"department": actor.department} if actor.department else {}))


def _events(append: Append) -> tuple[tuple[str, ...], ...]:
    found = []
    for happening in append.happenings:
        kind = catalogue.OF_SHAPE.get(type(happening.event))
        if kind is None:
            raise Invalid(f"{type(happening.event).__name__} is no event", where="happenings")
        if happening.occurred_at.tzinfo is None:
            raise Invalid("the time when it happened needs its zone", where="occurred_at")
        found.append(
            (
                str(happening.event_id),
                kind.name,
                str(kind.version),
                _quoted(dumps(codec.encode(happening.event))),
                happening.occurred_at.isoformat(),
            )
        )
    return tuple(found)


def dumps(value: object) -> str:
    """JSON text. Raises Invalid for text that is no Unicode (a lone surrogate) and numbers that JSON cannot hold."""
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:
        raise Invalid(f"this cannot be written as JSON: {error}") from error


def _text(value: str | None, where: str) -> str:
    if value is None:
        return "NULL"
    if "\x00" in value or "\x1f" in value:
        raise Invalid(f"{where} contains a control character", where=where)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Invalid(f"{where} is no valid text", where=where) from error
    return _quoted(value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''")
    return f'"{escaped}"'


_PER_APPEND = (
    "text[]",
    "bigint[]",
    "integer[]",
    "text[]",
    "json[]",
    "uuid[]",
    "uuid[]",
    "text[]",
    "text[]",
    "text[]",
    "bytea[]",
)
_PER_EVENT = ("uuid[]", "text[]", "integer[]", "json[]", "timestamptz[]")


def append_statement(batch: Sequence[Prepared]) -> bytes:
    """`SELECT … FROM es.append(…)` for the batch; the three arrays it answers have one member per append."""
    arguments = _arrays(_PER_APPEND, [prepared.scalars for prepared in batch])
    arguments += _arrays(_PER_EVENT, [event for prepared in batch for event in prepared.events])
    return f"SELECT outcomes, versions, ids FROM es.append({', '.join(arguments)})".encode()


def _arrays(types: Sequence[str], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"'{{{','.join(column)}}}'::{kind}" for kind, column in zip(types, zip(*rows, strict=True), strict=True)]
