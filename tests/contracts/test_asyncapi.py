"""The AsyncAPI document is accepted by the specification's own parser, says what the code does, and never narrows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.contracts import asyncapi, catalogue, headers, public
from shared.contracts.history import PUBLISHED, versions
from shared.contracts.message import routing_key
from shared.rabbitmq import partners
from tests.contracts.narrowing import document_narrowings
from tests.contracts.test_public import stored
from tests.support import node_tools

catalogue.load()
DOCUMENT = asyncapi.document()
TYPES = public.public_types()


@pytest.mark.integration
def test_the_parser_of_the_specification_accepts_it(tmp_path: Path) -> None:
    path = tmp_path / "asyncapi.json"
    path.write_text(json.dumps(DOCUMENT, ensure_ascii=False))

    found = node_tools.run("parse.js", str(path))

    assert [said for said in found["diagnostics"] if said["severity"] < 2] == []
    assert {said["code"] for said in found["diagnostics"]} <= {"asyncapi-latest-version"}
    assert found["version"] == "3.0.0"
    assert found["channels"] == ["sub.{subscription}", "sub.{subscription}.parked"]
    assert len(found["operations"]) == len(TYPES)
    assert {f"{name}.v{found.version}" for name, found in TYPES.items()} <= set(found["messages"])


@pytest.mark.integration
def test_the_parser_notices_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "asyncapi.json"
    channel = DOCUMENT["channels"]["parked"]
    broken = {**channel, "bindings": {"amqp": {**channel["bindings"]["amqp"], "is": "carrier pigeon"}}}
    path.write_text(json.dumps({**DOCUMENT, "channels": {**DOCUMENT["channels"], "parked": broken}}))

    found = node_tools.run("parse.js", str(path))

    assert any(said["severity"] == 0 and "bindings" in said["path"] for said in found["diagnostics"])


def test_the_queues_are_those_that_the_broker_has() -> None:
    names = partners.Names.beside("wuji")
    documented = [channel["bindings"]["amqp"]["queue"]["name"] for channel in DOCUMENT["channels"].values()]

    assert [name.format(subscription="sanitation") for name in documented] == [
        names.queue("sanitation"),
        names.parked("sanitation"),
    ]


@pytest.mark.parametrize("name", TYPES)
def test_a_real_message_and_every_example_satisfy_the_document(name: str) -> None:
    sent = public.public_message(stored(name), replay="r-1")
    message = DOCUMENT["components"]["messages"][f"{name.replace('.', '_')}_v{TYPES[name].version}"]
    key = message["payload"]["$ref"].rpartition("/")[2]
    payload = DOCUMENT["components"]["schemas"][key]

    jsonschema.validate(json.loads(sent.body), payload)
    jsonschema.validate(sent.headers, headers.schema())
    for example in message["examples"]:
        jsonschema.validate(example["payload"], payload)
        jsonschema.validate(example["headers"], headers.schema())
    assert sent.headers["ce-type"] == message["name"]
    assert sent.headers["ce-routingkey"] == sent.routing_key == routing_key(name, "530103.004.012.003.00007")


def test_every_header_that_is_sent_is_described() -> None:
    described = {header.name for header in headers.HEADERS}
    only_on_old_versions = {public.DEPRECATED, public.SUNSET}

    assert set(public.public_message(stored(), replay="r-1").headers) == described - only_on_old_versions


def test_nothing_internal_is_in_the_document() -> None:
    text = json.dumps(DOCUMENT)

    assert "subject_id" not in text
    assert not [name for name, found in catalogue.CURRENT.items() if not found.public and name in text]


def test_every_example_is_complete_and_belongs_to_its_schema() -> None:
    for name in TYPES:
        for one in versions(name):
            jsonschema.validate(one.example, one.schema)

            assert set(one.example) == set(one.schema["properties"]), f"{name}: python -m tests.contracts.publish"
            assert one.published is not None


def test_the_document_is_not_narrower_than_it_was_published() -> None:
    published = json.loads((PUBLISHED / "asyncapi.json").read_text())

    assert document_narrowings(published, DOCUMENT) == []


def test_everything_in_the_document_has_been_published() -> None:
    published = json.loads((PUBLISHED / "asyncapi.json").read_text())
    fresh = set(DOCUMENT["components"]["messages"]) - set(published["components"]["messages"])

    assert fresh == set(), "publish them: python -m tests.contracts.publish"


def _changed(**changes: Any) -> dict[str, Any]:
    found = json.loads(json.dumps(DOCUMENT))
    for path, value in changes.items():
        *way, last = path.split("__")
        place = found
        for step in way:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return dict(found)


@pytest.mark.parametrize(
    ("after", "complaint"),
    [
        (_changed(channels__parked=None), "channel parked is gone"),
        (_changed(channels__parked__address="parked"), "channel parked has another address"),
        (_changed(channels__subscription__messages={}), "channel subscription no longer carries case_filed_v1"),
        (_changed(channels__parked__bindings={}), "channel parked has other bindings"),
        (_changed(operations__send_case_filed__messages=[]), "operation send_case_filed no longer sends case_filed_v1"),
        (_changed(operations__send_case_filed=None), "operation send_case_filed is gone"),
        (_changed(components__messages__case_filed_v1=None), "message case_filed_v1 is gone"),
        (_changed(components__messages__case_filed_v1__contentType="text/plain"), "message case_filed_v1 has another"),
        (_changed(components__schemas__case_filed_v1__properties__title=None), "schema case_filed_v1: title was rem"),
        (_changed(components__schemas__headers__required=[]), "schema headers: ce-id is no longer always there"),
    ],
)
def test_a_narrowed_document_is_refused(after: dict[str, Any], complaint: str) -> None:
    assert any(said.startswith(complaint) for said in document_narrowings(DOCUMENT, after))
