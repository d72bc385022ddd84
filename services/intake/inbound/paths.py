"""Looks things up in a JSON document by a path such as `order.callers[0].phone`."""

from __future__ import annotations

import re
from typing import Any

from shared.kernel.errors import Invalid

PATH = r"^[\w-]{1,60}(\[[0-9]{1,3}\])*(\.[\w-]{1,60}(\[[0-9]{1,3}\])*){0,9}\Z"
_STEP = re.compile(r"([\w-]+)|\[([0-9]+)\]")


def at(document: Any, path: str) -> Any:
    """What stands there; None when nothing does, or a null."""
    found = document
    for name, index in _STEP.findall(path):
        if name:
            found = found.get(name) if isinstance(found, dict) else None
        else:
            found = found[int(index)] if isinstance(found, list) and int(index) < len(found) else None
    return found


def text(document: Any, path: str | None) -> str | None:
    """The text or number that stands there, without blanks around it; None when it is missing or empty.

    Raises Invalid naming the path when it is an object, a list, or a truth value.
    """
    found = None if path is None else at(document, path)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        raise wrong(str(path), "a text or a number is expected here")
    return str(found).strip() or None


def number(document: Any, path: str) -> float | None:
    """The number that stands there, or that its text spells. Raises Invalid naming the path."""
    found = text(document, path)
    if found is None:
        return None
    try:
        return float(found)
    except ValueError as error:
        raise wrong(path, f"{found[:40]!r} is no number") from error


def wrong(path: str, why: str) -> Invalid:
    """The error that names the path, for the people who run the other system."""
    return Invalid(f"{path}: {why}", where=path, errors={path: [why]})
