"""An old version is published beside the new one until its announced end, to those who ask for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from services.notify.subscriptions.matching import checked
from services.notify.subscriptions.selection import select
from shared.catalogue import site
from shared.contracts import asyncapi, codec, public
from shared.contracts.message import Stored
from shared.contracts.subscription import Filter
from shared.kernel.errors import Invalid
from tests.contracts.test_public import stored
from tests.support import node_tools, two_versions
from tests.support.two_versions import AFTER, DURING, Raised, RaisedOnce

CASE = UUID("0190b0a0-0000-7000-8000-000000000002")
OLD = RaisedOnce(case_id=CASE, level="3", subject_id=CASE)
NEW = Raised(case_id=CASE, level=3, reason="三次返工", subject_id=CASE)


class NoRows:
    """A filter of types and areas looks nothing up."""

    def query(self, statement: str, parameters: Any = ()) -> list[dict[str, Any]]:
        raise AssertionError(f"{statement} {parameters}")

    def execute(self, statement: str, parameters: Any = ()) -> int:
        raise AssertionError(f"{statement} {parameters}")


@pytest.fixture(autouse=True)
def name() -> Iterator[str]:
    with two_versions.declared() as found:
        yield found


def _stored(event: Raised | RaisedOnce, version: int) -> Stored:
    return stored()._replace(
        type=two_versions.NAME, schema_version=version, body=orjson.dumps(codec.encode(event)), stream=f"case-{CASE}"
    )


@pytest.mark.parametrize("in_the_log", ["new", "old"])
def test_who_asks_for_nothing_gets_the_newest(in_the_log: str) -> None:
    row = _stored(NEW, 2) if in_the_log == "new" else _stored(OLD, 1)
    sent = public.public_message(row, on=DURING)
    reason = NEW.reason if in_the_log == "new" else ""

    assert sent.headers["ce-type"] == "case.rehearsed.v2"
    assert json.loads(sent.body) == {"case_id": str(CASE), "level": 3, "reason": reason}
    assert public.DEPRECATED not in sent.headers


@pytest.mark.parametrize("in_the_log", ["new", "old"])
def test_who_asks_for_the_old_one_gets_it_and_hears_when_it_ends(in_the_log: str) -> None:
    row = _stored(NEW, 2) if in_the_log == "new" else _stored(OLD, 1)
    sent = public.public_message(row, version=1, on=DURING)

    assert sent.headers["ce-type"] == "case.rehearsed.v1"
    assert sent.headers["ce-dataschema"] == "urn:wuji:schema:case.rehearsed:1"
    assert sent.headers["ce-deprecatedsince"] == "2026-09-01"
    assert sent.headers["ce-sunset"] == "2026-12-01"
    assert json.loads(sent.body) == {"case_id": str(CASE), "level": "3"}
    assert sent.routing_key.startswith("case.rehearsed.530103.")


def test_two_subscriptions_hear_the_same_event_each_in_its_version() -> None:
    window = [_stored(NEW, 2)]
    heard = [
        select(
            Filter(types=(wanted,), areas=(), issue_types=(), departments=()),
            NoRows(),
            window,
            lambda row, version: public.public_message(row, version=version, on=DURING),
        )
        for wanted in ("case.rehearsed.v1", "case.*")
    ]

    assert [[sent.headers["ce-type"] for sent in messages] for messages in heard] == [
        ["case.rehearsed.v1"],
        ["case.rehearsed.v2"],
    ]
    assert [public.DEPRECATED in messages[0].headers for messages in heard] == [True, False]
    assert {messages[0].message_id for messages in heard} == {window[0].event_id}


def test_an_ended_version_can_no_longer_be_subscribed_to() -> None:
    wanted = Filter(types=("case.rehearsed.v1",), areas=(), issue_types=(), departments=())

    assert checked(wanted, DURING) == wanted
    with pytest.raises(Invalid, match=r"no case\.rehearsed\.v1 is published") as refused:
        checked(wanted, AFTER)
    assert refused.value.hint == "case.rehearsed.v2"


def test_after_its_end_the_new_one_comes_instead() -> None:
    sent = public.public_message(_stored(NEW, 2), version=1, on=AFTER)

    assert sent.headers["ce-type"] == "case.rehearsed.v2"
    assert [found.version for found in public.versions_on(two_versions.NAME, DURING)] == [2, 1]
    assert [found.version for found in public.versions_on(two_versions.NAME, AFTER)] == [2]


def test_what_is_asked_for_too_early_is_the_newest() -> None:
    assert public.public_message(_stored(NEW, 2), version=9, on=DURING).headers["ce-type"] == "case.rehearsed.v2"


def test_the_catalogue_shows_both_and_how_they_differ() -> None:
    during = site.files(DURING)
    page = during["docs/case.rehearsed.html"].content.decode()

    assert "schemas/case.rehearsed/1.json" in during
    assert "schemas/case.rehearsed/2.json" in during
    assert "2026-12-01 停用" in page
    assert "changed its type from string to integer" in page
    assert '<li class="added"><code>reason</code>' in page
    assert "subject_id" not in page
    assert "已停用" in site.files(AFTER)["docs/case.rehearsed.html"].content.decode()


@pytest.mark.integration
def test_the_document_carries_both_and_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "asyncapi.json"
    document = asyncapi.document()
    path.write_text(json.dumps(document))

    found = node_tools.run("parse.js", str(path))

    assert {"case.rehearsed.v1", "case.rehearsed.v2"} <= set(found["messages"])
    assert [said for said in found["diagnostics"] if said["severity"] < 2] == []
    assert document["components"]["messages"]["case_rehearsed_v1"]["x-sunset"] == "2026-12-01"
