"""The OpenAPI document of a service, made from its doors: what they take, what they answer, how they refuse."""

from __future__ import annotations

import re
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from shared.web import problem
from shared.web.fields import AREA_PATTERN, AreaField

OPENAPI = "3.1.0"
_CONVERTED = re.compile(r"<(?:([a-z]+)(?:\([^)]*\))?:)?([a-z_]+)>")
_PATH_SHAPES: dict[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
    "area": {"type": "string", "pattern": AREA_PATTERN},
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": f"{problem.TYPES}<kind>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what went wrong, for a person"},
        "instance": {"type": "string", "description": "names this occurrence in the logs"},
        "rule": {"type": "string", "description": "the rule that refused, for programs"},
        "errors": {"type": "object", "description": "wrong field → what is wrong with it"},
        "hint": {"type": "string", "description": "what to do about it"},
        "where": {"type": "string", "description": "the field or header that is wrong"},
    },
}
_REFUSALS = {
    400: "The request is malformed or breaks a shape",
    401: "The token is missing or not valid",
    403: "The asker may not do this here",
    404: "There is no such thing",
    405: "The address takes other methods",
    409: "A rule of the domain refuses, or somebody else was first",
    413: "The body is too large",
    415: "The body is not of a type that is taken here, or is packed",
    431: "The headers are too large",
    500: "A bug of ours",
    503: "Something we need is down, or all workers are busy: see Retry-After",
}


def document(service: type) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a service class."""
    from shared.web.door import doors_of  # the door serves this document

    name = service.name  # type: ignore[attr-defined]  # every nameko service has one
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title=f"Wuji 五级: {name}",
        version=_version(),
        openapi_version=OPENAPI,
        info={"description": (service.__doc__ or name).strip()},
        plugins=[plugin],
    )
    assert plugin.converter is not None
    cast("Any", plugin.converter).add_attribute_function(_area_pattern)
    spec.components.schema("Problem", _PROBLEM)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    with warnings.catch_warnings():
        # apispec remarks that a schema is used with and without `many`; that is meant.
        warnings.simplefilter("ignore", UserWarning)
        for method_name, door in doors_of(service):
            if not door.described:
                continue
            spec.path(path=_template(door.url), operations={door.method.lower(): _operation(name, method_name, door)})
    found: dict[str, Any] = spec.to_dict()
    return found


def _operation(service: str, method_name: str, door: Any) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{service}_{method_name}",
        "summary": door.summary,
        "tags": [service],
        "parameters": _parameters(door),
        "responses": _responses(door),
        "security": [] if door.is_public else [{"bearer": []}],
    }
    if door.is_public:
        described["security"] = [{}, {"bearer": []}]
    elif door.roles:
        described["x-roles"] = list(door.roles)
    if door.description:
        described["description"] = door.description
    if door.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": door.body}}}
    if door.takes is not None:
        # Whatever a sender calls it: the bytes tell what it is.
        content = {media: {"schema": {"type": "string", "format": "binary"}} for media in door.takes.media}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameters(door: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _PATH_SHAPES.get(kind or "string", {"type": "string"})}
        for kind, name in _CONVERTED.findall(door.url)
    ]
    if door.query is not None:
        found.append({"in": "query", "schema": door.query})
    if door.method in ("POST", "PUT", "PATCH", "DELETE"):
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "a repeated key answers the first result and changes nothing",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]{1,200}$"},
            }
        )
    return found


def _responses(door: Any) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done"}
    if door.answer is not None:
        shape: Any = {"type": "array", "items": door.answer} if door.many else door.answer
        done["content"] = {door.media: {"schema": shape}}
    elif door.media != "application/json":
        done["content"] = {door.media: {"schema": {"type": "string"}}}
    responses: dict[str, Any] = {str(door.status): done}
    for status in _possible(door):
        responses[str(status)] = {
            "description": _REFUSALS[status],
            "content": {problem.MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return responses


def _possible(door: Any) -> list[int]:
    # A public door refuses too: a link that is not valid, a token that serves another area.
    found = {400, 401, 403, 404, 405, 431, 500, 503}
    if door.method != "GET":
        found.add(409)
    if door.body is not None or door.takes is not None:
        found |= {413, 415}
    return sorted(found)


def _template(url: str) -> str:
    return _CONVERTED.sub(lambda found: "{" + found.group(2) + "}", url)


def _area_pattern(_converter: Any, field: Any, **_: Any) -> dict[str, Any]:
    if isinstance(field, AreaField):
        return {"pattern": f"({AREA_PATTERN})|(^([0-9]{{6}}|[0-9]{{9}}|[0-9]{{12}}|[0-9]{{15}}|[0-9]{{20}})$)"}
    return {}


def _schema_name(schema: Any) -> str:
    found = schema if isinstance(schema, type) else type(schema)
    if not issubclass(found, Schema):
        raise TypeError(f"{found} is no marshmallow schema")
    return found.__name__.strip("_")


def _version() -> str:
    try:
        return version("wuji")
    except PackageNotFoundError:
        return "0"
