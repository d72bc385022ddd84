"""From a form of a page to the body that the API takes: what may be said, and how, is said once, by the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import Schema, ValidationError

from shared.kernel.errors import Invalid, WujiError
from shared.kernel.wording import Wording
from shared.web.call import Call

Json = dict[str, Any]
_LISTS = ("photos", "case_ids", "evidence")
"""Fields of forms that say several things in one line."""


def filled(schema: type[Schema], said: Mapping[str, Any], **more: Any) -> Json:
    """The API's body from what a form says; what was left empty is left out. Raises Invalid with every wrong field."""
    given = {name: said[name].split() if name in _LISTS else said[name] for name in schema().fields if name in said}
    body = {name: value for name, value in given.items() if value not in (None, "", [])}
    try:
        found: Json = schema().load({**body, **more})
    except ValidationError as error:
        errors = error.messages if isinstance(error.messages, dict) else {"_": error.messages}
        raise Invalid(
            str(Wording("有内容未填或不正确", "something is missing or wrong")), errors=dict(errors)
        ) from error
    return found


def through(call: Call, page: str, body: Json) -> Call:
    """The call as the API's own door takes it; a form that is sent twice is one request."""
    key = call.body["key"]
    scoped = f"dispatch:{page}:{call.signed_in.id}:{key}" if key else None
    return replace(call, body=body, query={}, path=dict(call.path), idempotency_key=scoped)


def complaints(error: WujiError) -> list[str]:
    """What is wrong with which field, for people."""
    found = getattr(error, "errors", {})
    return [f"{name}: {_flat(said)}" for name, said in found.items()]


def _flat(said: object) -> str:
    if isinstance(said, Mapping):
        return "; ".join(_flat(one) for one in said.values())
    return "; ".join(map(str, said)) if isinstance(said, list) else str(said)
