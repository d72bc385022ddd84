"""Errors as `application/problem+json` (RFC 9457): what went wrong, by which rule, and what to do about it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any
from uuid import UUID

import orjson

from shared.kernel.errors import Invalid, Refused, Unauthenticated, Unavailable, WujiError

MEDIA = "application/problem+json"
TYPES = "urn:wuji:problem:"
"""Prefix of the problem types; what follows is the error's name, and for Refused the rule's."""


@dataclass(slots=True)
class Problem:
    """One problem document, not yet bytes."""

    status: int
    kind: str
    """`invalid`, `refused`, `method-not-allowed` …: the end of the type URN."""
    title: str
    detail: str
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, instance: UUID | None = None) -> bytes:
        """The document; `instance` names this occurrence in the logs."""
        document = {
            "type": TYPES + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }
        if instance is not None:
            document["instance"] = f"urn:uuid:{instance}"
        return orjson.dumps(_printable(document), option=orjson.OPT_NON_STR_KEYS)


Refusals = Callable[[Problem, Mapping[str, Any]], tuple[int, str, bytes]]
"""How a door refuses where another standard says how: the problem and the address's values → status, media, body."""


def of_error(error: Exception) -> Problem:
    """The problem that an error is. What we did not raise on purpose is a bug, and its text stays inside."""
    if not isinstance(error, WujiError):
        return internal()
    found = Problem(error.status, _kind(type(error).__name__), error.title, str(error))
    if error.hint:
        found.extra["hint"] = error.hint
    if error.where:
        found.extra["where"] = error.where
    if isinstance(error, Invalid) and error.errors:
        found.extra["errors"] = error.errors
    if isinstance(error, Refused):
        found.extra["rule"] = error.rule
    if isinstance(error, Unauthenticated):
        found.headers["WWW-Authenticate"] = 'Bearer realm="wuji"'
    if isinstance(error, Unavailable):
        found.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    return found


@cache
def _kind(name: str) -> str:
    """NotFound → not-found."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def internal() -> Problem:
    """A bug of ours."""
    return Problem(500, "internal", "Internal error", "something went wrong on our side; the logs know this instance")


def phrase(status: int) -> str:
    """The words that HTTP has for a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def of_status(status: int, detail: str, **headers: str) -> Problem:
    """A problem that HTTP itself has a name for."""
    words = phrase(status)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Problem(status, words.lower().replace(" ", "-"), words, detail, headers=named)


def _printable(value: Any) -> Any:
    """The value with every text fit for UTF-8: what a hostile sender wrote is quoted back without its broken parts."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_printable(str(name)): _printable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(part) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _printable(str(value))
