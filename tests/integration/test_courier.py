"""The courier on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.appends import adding, found, new_stream, rejected
from tests.support.database import Database
from tests.support.partners import Heard, Partners, drain, partners_of, until
from tests.support.servers import Servers

pytestmark = pytest.mark.integration


@pytest.fixture
def partners(database: Database, servers: Servers, tmp_path: Path) -> Iterator[Partners]:
    with partners_of(database, servers, tmp_path) as made:
        yield made


def _told(database: Database, count: int) -> list[int]:
    """Reports that are verified, and each third rejected."""
    log = database.log("intake")
    for n in range(count):
        stream = new_stream()
        log.append(adding(stream, 0, [found(stream)] if n % 3 else [found(stream), rejected(stream)]))
    database.settle()
    rows = database.query("SELECT f.position, e.type FROM es.feed f JOIN es.events e USING (txid, seq) ORDER BY 1")
    return [position for position, kind in rows if kind == "report.rejected"]


def test_a_subscriber_hears_what_it_wants_in_order(partners: Partners, database: Database) -> None:
    subscription = partners.subscribe("rejections", types=["report.rejected"])
    courier = partners.start_courier()
    wanted = _told(database, 50)
    partners.wait_for_queue(subscription)
    until(lambda: partners.standing("rejections")["lag_events"] == 0, otherwise=courier.log.read_text)

    heard = drain(partners.url(subscription), "sub.rejections", Heard())

    assert heard.positions == wanted
    assert courier.ready
    assert courier.end() == 0
