"""Problems, fields and the OpenAPI document of the doors."""

from __future__ import annotations

import json
import warnings
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from shared.contracts.case import CaseClosed
from shared.contracts.shapes import Point
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unauthenticated, Unavailable
from shared.web import problem
from shared.web.call import Call, Reply
from shared.web.fields import AreaField, Body, Instant, PointField, Text
from shared.web.headers import Unreadable, first_line, read

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from shared.entrypoints.on import ReactionSpec, on, reactions_of
    from shared.web.door import ANYONE, door, doors_of
    from shared.web.openapi import document
    from tests.support.tiny_doors import TinyDoors
    from tests.support.tiny_reactions import TinyReactions


class _Shape(Body):
    text = Text(longest=10)
    line = Text(longest=10, one_line=True)
    area = AreaField()
    street = AreaField(tiers=(2,))
    point = PointField()
    at = Instant()


def test_fields_load_to_what_the_domain_speaks() -> None:
    loaded = _Shape().load(
        {
            "text": "路灯\n不亮",
            "area": "530103004000",
            "point": {"lat": 25, "lon": 102.7},
            "at": "2026-05-03T09:00+08:00",
        }
    )

    assert loaded["text"] == "路灯\n不亮"
    assert loaded["area"] == Area("530103.004")
    assert loaded["point"] == Point(lat=25.0, lon=102.7, accuracy=None)
    assert loaded["at"].isoformat() == "2026-05-03T01:00:00+00:00"


@pytest.mark.parametrize(
    "body",
    [
        {"text": ""},
        {"text": " \n\t"},
        {"text": "x" * 11},
        {"text": "a\x00"},
        {"text": "a\x1b[31m"},
        {"text": "a\ud800"},
        {"text": 7},
        {"text": None},
        {"line": "a\nb"},
        {"area": "5301"},
        {"area": ["530103"]},
        {"street": "530103"},
        {"point": {"lat": 91, "lon": 0}},
        {"point": {"lat": float("nan"), "lon": 0}},
        {"point": {"lat": True, "lon": 0}},
        {"point": {"lat": "25", "lon": 0}},
        {"point": {"lat": 25}},
        {"point": [25, 102]},
        {"at": "2026-05-03T09:00:00"},
        {"at": "yesterday"},
        {"at": 1_700_000_000},
        {"at": "0001-01-01T00:00:00+08:00"},
        {"unknown": 1},
    ],
    ids=str,
)
def test_fields_refuse_what_they_are_not(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        _Shape().load(body)
    assert set(caught.value.messages) == set(body)


@pytest.mark.parametrize(
    ("error", "status", "extra"),
    [
        (Invalid("wrong", where="area", hint="so", errors={"area": ["no"]}), 400, {"errors", "where", "hint"}),
        (Unauthenticated("who"), 401, set()),
        (Forbidden("no"), 403, set()),
        (NotFound("nothing"), 404, set()),
        (Refused("no", rule="case.not_open"), 409, {"rule"}),
        (Conflict("late"), 409, set()),
        (Unavailable("away", retry_after=0.2), 503, {"hint"}),
        (RuntimeError("secret"), 500, set()),
    ],
)
def test_every_error_has_its_problem(error: Exception, status: int, extra: set[str]) -> None:
    found = problem.of_error(error)
    body = json.loads(found.body(UUID(int=1)))

    assert found.status == body["status"] == status
    assert set(body) == {"type", "title", "status", "detail", "instance", *extra}
    assert "secret" not in json.dumps(body)


def test_a_problem_quotes_broken_text_without_breaking() -> None:
    found = problem.of_error(Invalid("bad \ud800 text", errors={"\udfff": ["\ud800", 1, None], "n": {"m": {"x"}}}))

    assert json.loads(found.body())["detail"] == "bad \\ud800 text"


def test_the_openapi_document_is_valid_and_complete() -> None:
    found = document(TinyDoors)
    operations = [entry for path in found["paths"].values() for entry in path.values()]

    jsonschema.Draft202012Validator.check_schema({"$defs": found["components"]["schemas"]})
    assert found["openapi"] == "3.1.0"
    assert len(operations) == len(doors_of(TinyDoors))
    assert len({entry["operationId"] for entry in operations}) == len(operations)
    assert all("application/problem+json" in entry["responses"]["400"]["content"] for entry in operations)
    assert found["paths"]["/api/v1/staff"]["get"]["security"] == [{"bearer": []}]
    assert found["paths"]["/api/v1/things"]["post"]["security"] == [{}, {"bearer": []}]
    body = found["paths"]["/api/v1/things"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Told"}
    told = found["components"]["schemas"]["Told"]
    assert told["required"] == ["area", "title"]
    assert told["properties"]["title"]["maxLength"] == 50


def test_the_openapi_document_is_understood_by_a_reader() -> None:
    from schemathesis import openapi

    schema = openapi.from_dict(document(TinyDoors))

    assert len(list(schema.get_all_operations())) == len(doors_of(TinyDoors))


def test_a_reaction_is_named_after_its_service_and_method() -> None:
    assert reactions_of(TinyReactions) == (
        ReactionSpec("dispatch.idle", ("case.archived",), False),
        ReactionSpec("dispatch.react", ("case.closed",), False),
        ReactionSpec("dispatch.remember", ("case.closed",), True),
    )


def test_what_is_no_event_cannot_be_listened_for() -> None:
    with pytest.raises(TypeError, match="no event"):
        on(int)
    with pytest.raises(TypeError, match="at least one"):
        on()
    assert on(CaseClosed)


def _nothing() -> Reply:
    return Reply()


def test_a_role_that_does_not_exist_cannot_guard_a_door() -> None:
    with pytest.raises(TypeError, match="emperor"):
        door("GET", "/x", summary="x", roles=("emperor",))(_nothing)
    assert door("GET", "/x", summary="x", roles=ANYONE)


def test_a_call_tells_why_something_is_appended() -> None:
    from shared.kernel.clock import utc_now
    from shared.security.permission import Asker

    staff = Call(at=utc_now(), asker=Asker("wang", "dispatcher"), idempotency_key="k")
    resident = Call(at=utc_now())

    assert staff.cause().actor.id == "wang"
    assert staff.cause().idempotency_key == "k"
    assert resident.cause().actor.role == "resident"
    with pytest.raises(Unauthenticated):
        _ = resident.signed_in


def _headers(raw: bytes, version: str = "HTTP/1.1") -> Any:
    lines = iter([*raw.splitlines(keepends=True), b""])
    return read(lambda: next(lines), version)


def test_headers_are_found_in_any_spelling() -> None:
    found = _headers(b"Host: x\r\ncontent-LENGTH:  5 \r\nX-Empty:\r\n\r\n")

    assert found.get("Content-Length") == "5"
    assert found.get("x-empty") == ""
    assert found.get("Nothing", "none") == "none"


@given(st.binary(max_size=200))
def test_any_header_bytes_are_read_or_refused_and_nothing_else(raw: bytes) -> None:
    try:
        found = _headers(raw + b"\r\n\r\n")
    except Unreadable:
        return

    assert all("\r" not in value and "\n" not in value for _, value in found._headers)


@given(st.binary(max_size=100))
def test_any_first_line_is_read_or_refused_and_nothing_else(raw: bytes) -> None:
    try:
        method, target, version = first_line(raw)
    except Unreadable:
        return

    assert method.isupper()
    assert " " not in target
    assert version in ("HTTP/1.0", "HTTP/1.1")
