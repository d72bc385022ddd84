"""JSON Schemas with words in them, for people and documents: every field says what it means.

The words are the docstrings of the event classes, read from their source; nothing is written down twice.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import sys
import typing
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Any

from shared.contracts import codec, public, words
from shared.contracts.catalogue import EventType

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def attribute_docs(shape: type) -> dict[str, str]:
    """Field → the docstring below it, for the fields of a class that have one."""
    tree = ast.parse(inspect.getsource(sys.modules[shape.__module__]))
    body = next(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == shape.__name__)
    found: dict[str, str] = {}
    for field, below in pairwise(body):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            # In Python an optional field is None; on the wire it is not there.
            found[field.target.id] = " ".join(below.value.value.split()).replace("None when", "absent when")
    return found


def summary(shape: type) -> str:
    """The class's docstring on one line."""
    return " ".join((shape.__doc__ or "").split())


def schema(found: EventType) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the public body, with a description of every field, as it is published."""
    return {
        "$schema": DIALECT,
        "$id": public.schema_id(found),
        "title": f"{found.name}.v{found.version}",
        **payload(found),
    }


def payload(found: EventType) -> dict[str, Any]:
    """The same without its name and dialect, to be put into another document."""
    described = public.public_schema(found.shape)
    _describe(described, found.shape)
    described["description"] = summary(found.shape)
    return described


def _describe(described: dict[str, Any], shape: type) -> None:
    own = attribute_docs(shape)
    hints = typing.get_type_hints(shape)
    for field in dataclasses.fields(shape):
        value = described["properties"].get(field.name)
        if value is None:
            continue
        zh, common = words.FIELDS.get(field.name, ("", ""))
        meaning = own.get(field.name) or common
        inner = _inner(hints[field.name])
        _describe_value(value, inner)
        said = [meaning, summary(inner) if isinstance(inner, type) and issubclass(inner, Enum) else ""]
        if dataclasses.is_dataclass(inner) and not meaning:
            said = [summary(typing.cast("type", inner))]
        text = " ".join(part for part in said if part)
        if text:
            value["description"] = text
        if zh:
            value["title"] = zh


def _describe_value(value: dict[str, Any], inner: Any) -> None:
    """Words for the fields of a dataclass inside an event, also when there is a list of them."""
    if dataclasses.is_dataclass(inner):
        _describe(value, typing.cast("type", inner))
        value["description"] = summary(typing.cast("type", inner))
    elif typing.get_origin(inner) is tuple:
        _describe_value(value["items"], typing.get_args(inner)[0])


def _inner(annotation: Any) -> Any:
    return codec.without_none(annotation)[0]
