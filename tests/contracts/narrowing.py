"""Compares two JSON Schemas of one event version and names every change that would break a reader or an old body."""

from __future__ import annotations

from typing import Any


def narrowings(before: dict[str, Any], after: dict[str, Any], path: str = "") -> list[str]:
    """What `after` forbids or drops that `before` allowed or promised; empty when it only widens."""
    found: list[str] = []
    old, new = before.get("properties", {}), after.get("properties", {})
    was, now = set(before.get("required", ())), set(after.get("required", ()))
    for name in sorted(now - was):
        found.append(f"{path}{name} became required")
    for name, shape in old.items():
        if name not in new:
            found.append(f"{path}{name} was removed")
            continue
        if name in was and name not in now:
            found.append(f"{path}{name} is no longer always there")
        found.extend(_value_narrowings(shape, new[name], path + name))
    return found


def _value_narrowings(before: dict[str, Any], after: dict[str, Any], name: str) -> list[str]:
    if (before.get("type"), before.get("format")) != (after.get("type"), after.get("format")):
        return [f"{name} changed its type"]
    found = [f"{name} lost the value {value}" for value in before.get("enum", ()) if value not in after.get("enum", ())]
    if "enum" in after and "enum" not in before:
        found.append(f"{name} now takes only some values")
    if before.get("type") == "array":
        found.extend(_value_narrowings(before["items"], after["items"], name + "[]"))
    if "properties" in before:
        found.extend(narrowings(before, after, name + "."))
    return found
