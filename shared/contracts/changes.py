"""Compares two JSON Schemas of event bodies: every change in words, and which of them would break somebody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = dict[str, Any]


class Kind(StrEnum):
    """What happened to a field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, seen from the older schema."""

    kind: Kind
    field: str
    """`point.lat`, or `evidence[]` for the members of a list."""
    says: str
    breaks: bool
    """Whether a reader or a stored body that fitted the older schema may not fit the newer one."""


def changes(before: Schema, after: Schema, path: str = "") -> list[Change]:
    """Every difference between two object schemas, without their descriptions."""
    return list(_object(before, after, path))


def narrowings(before: Schema, after: Schema) -> list[str]:
    """What `after` forbids or drops that `before` allowed or promised; empty when it only widens."""
    return [f"{change.field} {change.says}" for change in changes(before, after) if change.breaks]


def _object(before: Schema, after: Schema, path: str) -> Iterator[Change]:
    old, new = before.get("properties", {}), after.get("properties", {})
    was, now = set(before.get("required", ())), set(after.get("required", ()))
    for name in sorted(now - was):
        if name in old:
            yield Change(Kind.CHANGED, path + name, "became required", True)
        else:
            yield Change(Kind.ADDED, path + name, "became required", True)
    for name in new:
        if name not in old and name not in now:
            yield Change(Kind.ADDED, path + name, "was added, and may be absent", False)
    for name, shape in old.items():
        if name not in new:
            yield Change(Kind.REMOVED, path + name, "was removed", True)
            continue
        if name in was and name not in now:
            yield Change(Kind.CHANGED, path + name, "is no longer always there", True)
        yield from _value(shape, new[name], path + name)


def _value(before: Schema, after: Schema, name: str) -> Iterator[Change]:
    was, now = (before.get("type"), before.get("format")), (after.get("type"), after.get("format"))
    if was != now:
        yield Change(Kind.CHANGED, name, f"changed its type from {_type(was)} to {_type(now)}", True)
        return
    yield from _values(before, after, name)
    if before.get("type") == "array":
        yield from _value(before["items"], after["items"], name + "[]")
    if "properties" in before:
        yield from _object(before, after, name + ".")


def _values(before: Schema, after: Schema, name: str) -> Iterator[Change]:
    if "enum" not in before:
        if "enum" in after:
            yield Change(Kind.CHANGED, name, "now takes only some values", True)
        return
    if "enum" not in after:
        yield Change(Kind.CHANGED, name, "now takes any value", False)
        return
    for value in before["enum"]:
        if value not in after["enum"]:
            yield Change(Kind.CHANGED, name, f"lost the value {value}", True)
    for value in after["enum"]:
        if value not in before["enum"]:
            yield Change(Kind.CHANGED, name, f"gained the value {value}", False)


def _type(pair: tuple[str | None, str | None]) -> str:
    return " ".join(part for part in reversed(pair) if part) or "anything"
