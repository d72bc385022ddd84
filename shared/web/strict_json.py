"""Reads JSON as a public door should: what two readers could understand differently is refused.

Refused are other encodings than UTF-8, duplicate names, NaN and infinities, numbers beyond what a double holds, NUL
and halves of surrogate pairs in strings, and deep nesting.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from shared.kernel.errors import Invalid

DEEPEST = 32
_LONGEST_NUMBER = 40
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")


def parse(body: bytes) -> Any:
    """The value that the bytes spell. Raises Invalid, saying what is wrong and where."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"the body is not UTF-8: byte {error.start} cannot be read", where="body") from error
    if text.startswith("\ufeff"):
        raise Invalid("the body starts with a byte order mark; JSON is sent without one", where="body")
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        _refuse_depth(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Invalid(
            f"the body is no JSON: {error.msg} (line {error.lineno}, column {error.colno})", where="body"
        ) from error
    if b"\\u" in body:
        _refuse_bad_text(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise Invalid(f"the name {name[:60]!r} appears twice in one object", where=name[:60])
            seen.add(name)
    return found


def _constant(name: str) -> NoReturn:
    raise Invalid(f"{name} is no JSON number", where="body")


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Invalid(f"the number {digits[:20]} is too large", where="body")
    return value


def _int(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise Invalid(f"a number of {len(digits)} digits is too large", where="body")
    return int(digits)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int, strict=True
)


def _refuse_depth(text: str) -> None:
    """Look at brackets outside strings only: a text full of them is no reason to refuse."""
    depth = 0
    for bracket in _BRACKETS.finditer(_STRING.sub("", text)):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > DEEPEST:
            raise Invalid(f"the body is nested deeper than {DEEPEST} levels", where="body")


def _refuse_bad_text(value: Any) -> None:
    """Escapes are the only way in for NUL and for halves of surrogate pairs."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            _check_text(found)
        elif isinstance(found, dict):
            waiting.extend(found)
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise Invalid("a text contains the NUL character", where="body")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Invalid("a text contains half of a surrogate pair", where="body") from error
