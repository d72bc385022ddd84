"""After everything else has run on the shared stack: no event knows a reporter, and departments know no account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from shared.contracts import public
from shared.contracts.message import Message, Stored
from shared.kernel.masking import mask
from tests.support.city import PEOPLE, TOLD, City
from tests.support.ledger import settle
from tests.support.stack import RunningStack, eventually

pytestmark = pytest.mark.e2e

EVENTS = """
    SELECT f.position, e.event_id::text, e.type, e.schema_version, e.stream, e.version,
           convert_to(e.data::text, 'UTF8'), e.area, e.actor::text, e.correlation_id::text, e.causation_id::text,
           e.origin, e.occurred_at, e.recorded_at, e.traceparent
    FROM es.feed f JOIN es.events e ON e.recorded_at = f.recorded_at AND e.txid = f.txid AND e.seq = f.seq
    ORDER BY f.position
"""


@pytest.fixture(scope="module")
def events(panlong: RunningStack) -> list[Stored]:
    """Every event, after people have told more of themselves than they should have."""
    city = City(panlong)
    for person in PEOPLE:
        words = f"我是{person.name}，身份证{person.identity}，电话{person.phone}，也可写信 {person.email}。垃圾没人管。"
        receipt = city.report(
            f"{person.name}反映垃圾满了", words=words, place=f"问 {person.phone}", contact=person.contact
        )
        case_id = str(receipt["report_id"])
        city.accept(case_id)
        city.wait_for(case_id, "dispatched")
        city.sign(case_id)
        city.respond(case_id, f"已与上报人（{person.phone}）联系，已清运。")
        city.check(case_id)
        city.close(case_id)
        assert eventually(lambda about=case_id: _heard(city, about), 30)
    settle(panlong)
    return [Stored(*row[:6], bytes(row[6]), *row[7:]) for row in panlong.rows(EVENTS)]


def _heard(city: City, about: str) -> int:
    return len(city.ask("GET", f"/api/v1/outbox?about={about}", role="operator").json()["messages"])


@pytest.fixture(scope="module")
def messages(events: list[Stored]) -> list[Message]:
    """What departments may get of them."""
    return [public.public_message(one) for one in events if public.is_public(one.type)]


def test_no_event_carries_what_reporters_told_of_themselves(events: list[Stored]) -> None:
    assert len(events) > 500
    assert {"report.submitted", "case.closed", "feedback.invited", "notice.delivered"} <= {one.type for one in events}
    for one in events:
        text = one.body.decode()
        found = [secret for secret in TOLD if secret in text]

        assert not found, f"{one.type} at {one.position} carries {found}"


def test_no_event_carries_anything_that_looks_like_a_phone_or_an_identity_number(events: list[Stored]) -> None:

    for one in events:
        if one.type == "department.registered":
            continue  # A department's own contact is no person's, and stays inside all the same.
        for text in _texts(orjson.loads(one.body)):
            assert mask(text) == text, f"{one.type} at {one.position}: {text!r}"


def test_nothing_that_departments_get_names_a_reporter_a_subject_or_an_account(
    events: list[Stored], messages: list[Message]
) -> None:

    assert "acceptor-1" in {orjson.loads(one.actor)["id"] for one in events}
    for sent in messages:
        text = sent.body.decode() + repr(sorted(sent.headers.items())) + sent.routing_key
        found = [secret for secret in TOLD if secret in text]

        assert not found, f"{sent.type} {sent.message_id} carries {found}"
        assert "subject_id" not in text
        actor = orjson.loads(sent.headers["ce-actor"])
        assert actor["role"] == "service" or set(actor) <= {"role", "department"}


def test_the_catalogue_is_served_to_everybody(panlong: RunningStack) -> None:
    pages = {path: panlong.call("GET", path) for path in ("/events/docs", "/events/docs/case.filed.html")}
    document = panlong.call("GET", "/events/asyncapi.json")

    assert all(page.status_code == 200 for page in pages.values())
    assert pages["/events/docs"].url.endswith("/events/docs/")
    assert pages["/events/docs"].headers["Content-Type"] == "text/html; charset=utf-8"
    assert panlong.call("GET", "/events/docs/style.css").headers["Content-Type"].startswith("text/css")
    assert document.json()["asyncapi"] == "3.0.0"
    assert panlong.call("GET", "/events/schemas/case.filed/1.json").json()["title"] == "case.filed.v1"
    assert panlong.call("GET", "/events/docs/notice.requested.html").status_code == 404


def _texts(value: Any) -> Iterator[str]:
    """Every text in a body, without ids: their digits may look like anything."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str) and not _is_id(value):
        yield value


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
