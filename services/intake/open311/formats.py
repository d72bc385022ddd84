"""Open311's two formats: one shape becomes JSON by the Spark convention, or XML without a schema or namespace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import orjson

from services.intake.domain import CIVIL_TIME
from shared.web.call import Reply
from shared.web.problem import Problem

MEDIA = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
_ITEMS = {
    "services": "service",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "errors": "error",
    "attributes": "attribute",
    "values": "value",
    "notes": "note",
    "endpoints": "endpoint",
    "formats": "format",
}
"""List → what one of its items is called in XML."""

_NOT_IN_XML = re.compile("[^\\t\\n\\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def moment(at: datetime) -> str:
    """W3C: with the city's zone, to the second."""
    return at.astimezone(CIVIL_TIME).isoformat(timespec="seconds")


def reply(name: str, body: Any, wanted: str) -> Reply:
    """The answer called `name` in the wanted format, `json` or `xml`."""
    return Reply(written(name, body, wanted), media=MEDIA[wanted])


def written(name: str, body: Any, wanted: str) -> bytes:
    """The body as bytes: JSON has no name at its top, XML has."""
    if wanted == "json":
        return orjson.dumps(body)
    document: bytes = ElementTree.tostring(_element(name, body), encoding="utf-8", xml_declaration=True)
    return document


def refusals(problem: Problem, values: Mapping[str, Any]) -> tuple[int, str, bytes]:
    """A problem as the standard has it: 403 for keys, 404 for what is not there, 400 for whatever else was wrong."""
    status = problem.status if problem.status in (403, 404) or problem.status >= 500 else 400
    status = 403 if problem.status == 401 else status
    errors = [{"code": status, "description": said} for said in _said(problem)]
    wanted = str(values.get("format") or ("xml" if str(values.get("elsewhere")).endswith(".xml") else "json"))
    return status, MEDIA[wanted], written("errors", errors, wanted)


def _said(problem: Problem) -> list[str]:
    """One line for everything that is wrong."""
    fields = problem.extra.get("errors") or {}
    lines = [f"{name}: {line}" for name, said in fields.items() for line in _lines(said)]
    if lines:
        return lines
    where, hint = problem.extra.get("where"), problem.extra.get("hint")
    named = f"{where}: " if where and str(where) not in problem.detail else ""
    return [f"{named}{problem.detail}" + (f" ({hint})" if hint else "")]


def _lines(said: Any) -> list[str]:
    if isinstance(said, Mapping):
        return [f"{name}: {line}" for name, inner in said.items() for line in _lines(inner)]
    if isinstance(said, list):
        return [line for one in said for line in _lines(one)]
    return [str(said)]


def _element(name: str, value: Any) -> ElementTree.Element:
    element = ElementTree.Element(name)
    if isinstance(value, Mapping):
        element.extend(_element(part, inner) for part, inner in value.items())
    elif isinstance(value, list):
        element.extend(_element(_ITEMS[name], inner) for inner in value)
    else:
        element.text = _text(value)
    return element


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_IN_XML.sub("\ufffd", str(value))
