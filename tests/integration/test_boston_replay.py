"""A department that subscribes today asks for everything: the whole half-year of Boston, from the log into its queue.

The file may not be committed, so this test is passed over, and says so, where `../shared/data` is absent.
"""

from __future__ import annotations

import time
from itertools import groupby
from pathlib import Path

import pytest

from services.notify.subscriptions import handlers, replays
from services.notify.subscriptions.handlers import Start
from shared.contracts.public import public_types
from tests.integration.test_real_inputs import BOSTON, bring_in
from tests.support.database import Database
from tests.support.partners import OPERATOR, Partners, cause, connection, partners_of, until
from tests.support.servers import Servers

pytestmark = [
    pytest.mark.integration,
    pytest.mark.long,
    pytest.mark.skipif(not BOSTON.exists(), reason=f"the real input is not there: {BOSTON}"),
]


def read(partners: Partners, url: str, queue: str, count: int) -> list[dict[str, str]]:
    """The headers of so many messages, taken as fast as they come, and whatever comes within two seconds after them."""
    found: list[dict[str, str]] = []
    deadline = time.monotonic() + 900
    with connection(url) as channel:
        channel.basic_qos(prefetch_count=1000)
        for method, properties, _ in channel.consume(queue, inactivity_timeout=2):
            assert time.monotonic() < deadline, f"{len(found)} of {count}: {partners.standing('boston')}"
            if method is None:
                if len(found) >= count:
                    return found
                continue
            found.append(properties.headers)
            if len(found) % 500 == 0 or len(found) >= count:
                channel.basic_ack(method.delivery_tag, multiple=True)
    return found


def test_the_whole_of_boston_replays_into_a_fresh_subscription(
    database: Database, servers: Servers, tmp_path: Path
) -> None:
    outcome = bring_in(database, BOSTON, "boston_311.toml", tmp_path)
    database.settle(300)
    wanted = database.query(
        "SELECT e.event_id::text FROM es.feed f JOIN es.events e USING (txid, seq)"
        " WHERE e.type = ANY(%s) ORDER BY f.position",
        (list(public_types()),),
    )
    with partners_of(database, servers, tmp_path) as partners:
        fresh = partners.subscribe("boston", start=Start())
        courier = partners.start_courier()
        partners.wait_for_queue(fresh)
        wish = replays.Wish(from_position=1)
        told = replays.estimate(partners.rows, handlers.load(partners.log, "boston", OPERATOR), wish)
        began = time.monotonic()
        replay_id, _ = replays.request(partners.log, partners.rows, "boston", wish, OPERATOR, cause())
        queue = str(replays.one(partners.rows, fresh, replay_id)["queue"])
        until(lambda: replays.one(partners.rows, fresh, replay_id)["delivered"], 60, courier.log.read_text)
        heard = read(partners, partners.url(fresh), queue, told.count)
        took = time.monotonic() - began
        state = replays.one(partners.rows, fresh, replay_id)["state"]
    print(f"\n{len(heard):,} events of {outcome.new:,} requests in {took:.0f} s, {len(heard) / took:,.0f} a second")

    assert (outcome.new, state) == (58_251, "done")
    assert len(heard) == told.count == len(wanted) > 4 * 58_251
    assert [headers["ce-id"] for headers in heard] == [event_id for (event_id,) in wanted]
    assert {headers["ce-replay"] for headers in heard} == {str(replay_id)}
    by_stream = sorted(heard, key=lambda headers: headers["ce-subject"])  # stable: the order of arrival in each
    for _, events in groupby(by_stream, key=lambda headers: headers["ce-subject"]):
        versions = [int(headers["ce-streamversion"]) for headers in events]
        assert versions == sorted(versions)
