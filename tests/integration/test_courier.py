"""The courier on real servers: every event once in effect, in order, whatever is killed on the way."""

from __future__ import annotations

import dataclasses
import json
import random
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.notify.subscriptions import handlers
from services.notify.subscriptions.handlers import Start
from shared.contracts import public
from shared.contracts.envelope import Recorded
from shared.kernel.ids import new_id
from shared.kernel.masking import mask
from tests.support.appends import adding, found, new_stream, rejected
from tests.support.database import Database
from tests.support.lives import lives
from tests.support.logs import fill
from tests.support.partners import (
    OPERATOR,
    CourierProcess,
    Heard,
    Partners,
    cause,
    connection,
    drain,
    partners_of,
    until,
)
from tests.support.servers import Servers

pytestmark = pytest.mark.integration


@pytest.fixture
def partners(database: Database, servers: Servers, tmp_path: Path) -> Iterator[Partners]:
    with partners_of(database, servers, tmp_path) as made:
        yield made


def _told(database: Database, count: int) -> list[int]:
    """Reports that are verified, each third of them rejected; the positions of the rejections."""
    log = database.log("intake")
    for n in range(count):
        stream = new_stream()
        log.append(adding(stream, 0, [found(stream)] if n % 3 else [found(stream), rejected(stream)]))
    database.settle()
    rows = database.query(
        "SELECT f.position FROM es.feed f JOIN es.events e USING (txid, seq) "
        "WHERE e.type = 'report.rejected' ORDER BY f.position"
    )
    return [position for (position,) in rows]


def _caught_up(partners: Partners, name: str, courier: CourierProcess, seconds: float = 60) -> None:
    until(lambda: partners.standing(name)["lag_events"] == 0, seconds, courier.log.read_text)


def test_a_subscriber_hears_what_it_wants_in_order(partners: Partners, database: Database) -> None:
    subscription = partners.subscribe("rejections", types=["report.rejected"])
    courier = partners.start_courier()
    wanted = _told(database, 50)
    partners.wait_for_queue(subscription)
    _caught_up(partners, "rejections", courier)
    heard = drain(partners.url(subscription), "sub.rejections", Heard())
    numbers = courier.metrics()

    assert heard.positions == wanted
    assert courier.ready
    assert numbers['wuji_subscription_delivered_total{subscription="rejections"}'] == len(wanted)
    assert courier.end() == 0


def test_a_paused_subscription_loses_nothing(partners: Partners, database: Database) -> None:
    subscription = partners.subscribe("patient", types=["report.rejected"])
    courier = partners.start_courier()
    first = _told(database, 9)
    partners.wait_for_queue(subscription)
    _caught_up(partners, "patient", courier)
    handlers.pause(partners.log, "patient", "upgrade", OPERATOR, cause())
    time.sleep(1.5)
    place = partners.standing("patient")["position"]
    everything = _told(database, 9)
    time.sleep(1.5)
    meanwhile = drain(partners.url(subscription), "sub.patient", Heard())

    assert meanwhile.positions == first
    assert partners.standing("patient")["position"] == place

    handlers.resume(partners.log, "patient", OPERATOR, cause())
    _caught_up(partners, "patient", courier)

    assert drain(partners.url(subscription), "sub.patient", Heard()).positions == everything[len(first) :]


def test_it_starts_now_at_a_position_or_at_a_time_and_can_be_put_back(partners: Partners, database: Database) -> None:
    early = _told(database, 12)
    ((moment,),) = database.query("SELECT recorded_at FROM es.feed WHERE position = %s", (early[2],))
    names = {
        "now": Start(),
        "position": Start(position=early[1]),
        "time": Start(time=moment),
    }
    made = {name: partners.subscribe(name, types=["report.rejected"], start=start) for name, start in names.items()}
    courier = partners.start_courier()
    everything = _told(database, 6)
    for name, subscription in made.items():
        partners.wait_for_queue(subscription)
        _caught_up(partners, name, courier)
    heard = {name: drain(partners.url(one), f"sub.{name}", Heard()).positions for name, one in made.items()}

    assert heard == {"now": everything[len(early) :], "position": everything[1:], "time": everything[2:]}

    handlers.move(partners.log, partners.rows, "now", Start(position=1), OPERATOR, cause())
    until(lambda: partners.standing("now")["delivered"] == len(heard["now"]) + len(everything), 30)

    assert drain(partners.url(made["now"]), "sub.now", Heard()).positions == everything


def test_of_two_couriers_one_works_and_the_other_takes_over(partners: Partners, database: Database) -> None:
    subscription = partners.subscribe("steady", types=["report.rejected"])
    couriers = [partners.start_courier() for _ in range(2)]
    until(lambda: all(courier.ready for courier in couriers))
    leader = next(courier for courier in couriers if courier.leads)
    standby = next(courier for courier in couriers if courier is not leader)
    _told(database, 6)
    _caught_up(partners, "steady", leader)

    assert not standby.leads

    leader.kill()
    wanted = _told(database, 6)
    until(lambda: standby.leads, 20)
    _caught_up(partners, "steady", standby)

    assert drain(partners.url(subscription), "sub.steady", Heard()).positions == wanted


def test_a_deleted_subscription_has_neither_queue_nor_account(partners: Partners, database: Database) -> None:
    subscription = partners.subscribe("short-lived")
    courier = partners.start_courier()
    partners.wait_for_queue(subscription)
    handlers.delete(partners.log, "short-lived", None, OPERATOR, cause())

    def gone() -> bool:
        queues = {queue["name"] for queue in partners.management.queues(partners.names.vhost)}
        users = {user["name"] for user in partners.management.call("GET", "users")}
        return "sub.short-lived" not in queues and partners.names.user("short-lived") not in users

    until(gone, 20, courier.log.read_text)


def test_a_new_secret_ends_the_old_one(partners: Partners, database: Database) -> None:
    subscription = partners.subscribe("careful")
    courier = partners.start_courier()
    partners.wait_for_queue(subscription)
    old = partners.url(subscription)
    handlers.rotate(partners.log, "careful", OPERATOR, cause())
    renewed = handlers.load(partners.log, "careful", OPERATOR)
    partners.wait_for_queue(renewed, 20)

    assert partners.url(renewed) != old
    with pytest.raises(Exception, match="ACCESS_REFUSED"):
        drain(old, "sub.careful", Heard())
    assert courier.ready


PERSONAL = ("subject_id", "contact", "phone", "identity")


def _with_subjects(events: Iterator[Recorded[Any]], subjects: set[str]) -> Iterator[Recorded[Any]]:
    """Every report has somebody behind it."""
    for recorded in events:
        if hasattr(recorded.event, "subject_id"):
            subject = new_id()
            subjects.add(str(subject))
            yield dataclasses.replace(recorded, event=dataclasses.replace(recorded.event, subject_id=subject))
        else:
            yield recorded


@pytest.mark.slow
def test_every_event_of_a_long_run_arrives_once_in_effect_whatever_dies(partners: Partners, database: Database) -> None:
    """6,000 events: the courier is killed again and again, connections are cut, the subscriber comes and goes."""
    subjects: set[str] = set()
    events = list(_with_subjects(lives(700), subjects))[:6_000]
    everything = partners.subscribe("everything")
    sanitation = partners.subscribe("sanitation", departments=["sanitation"], areas=["530103"])
    courier = partners.start_courier()
    partners.wait_for_queue(everything)
    heard, done, chance = Heard(), threading.Event(), random.Random(4)

    def subscriber() -> None:
        while not done.is_set():
            drain(partners.url(everything), "sub.everything", heard, quiet=0.5, most=chance.randrange(100, 1500))

    reader = threading.Thread(target=subscriber)
    reader.start()
    courier = _with_trouble(partners, database, events, courier)
    for name in ("everything", "sanitation"):
        _caught_up(partners, name, courier, 120)
    done.set()
    reader.join()
    drain(partners.url(everything), "sub.everything", heard)
    theirs = drain(partners.url(sanitation), "sub.sanitation", Heard())
    wanted = [recorded for recorded in events if public.is_public(recorded.type)]

    # What a subscriber leaves behind unacknowledged, the broker brings again in an order of its own: only the one that
    # read without a break can tell in which order the courier delivered.
    ordered = list(dict.fromkeys(theirs.positions))
    assert ordered == sorted(ordered) == _given_to(events, "sanitation")
    assert set(heard.positions) == {recorded.position for recorded in wanted}
    assert set(heard.ids) == {str(recorded.event_id) for recorded in wanted}
    assert len(heard.ids) - len(set(heard.ids)) <= 8 * 500
    _assert_nothing_personal([*heard.messages, *theirs.messages], subjects)


def _with_trouble(
    partners: Partners, database: Database, events: list[Recorded[Any]], courier: CourierProcess
) -> CourierProcess:
    """The events come in while the courier dies three times and its connections are cut as often; the last courier."""
    chance = random.Random(5)
    for turn in range(10):
        fill(database, events[turn * 600 : (turn + 1) * 600])
        time.sleep(0.1 + chance.random() / 4)
        if turn % 3 == 2:
            courier.kill()
            courier = partners.start_courier()
        elif turn % 3 == 1:
            for one in partners.management.connections(partners.names.vhost):
                if "courier" in str(one.get("client_properties", {}).get("connection_name", "")):
                    partners.management.close_connection(one["name"])
    return courier


def _given_to(events: list[Recorded[Any]], department: str) -> list[int]:
    """Positions of public events about cases that were given to the department, from that moment on."""
    given: set[Any] = set()
    found = []
    for recorded in events:
        if recorded.type == "case.dispatched" and department in (
            recorded.event.department,
            *recorded.event.co_handlers,
        ):
            given.add(recorded.correlation_id)
        if recorded.correlation_id in given and public.is_public(recorded.type):
            found.append(recorded.position or 0)
    return found


def _assert_nothing_personal(messages: list[tuple[dict[str, Any], bytes]], subjects: set[str]) -> None:
    for headers, body in messages:
        told = json.loads(body)
        text = json.dumps([headers, told], ensure_ascii=False, default=str)

        assert not subjects.intersection(re.findall(r"[0-9a-f-]{36}", text))
        assert not any(name in told for name in PERSONAL)
        words = " ".join(str(told.get(name, "")) for name in ("title", "words", "place", "answer", "reason"))
        assert mask(words) == words


def test_what_a_full_queue_gave_up_is_counted_and_comes_again(
    database: Database, servers: Servers, tmp_path: Path
) -> None:
    with partners_of(database, servers, tmp_path, length=10) as partners:
        slow = partners.subscribe("slow", types=["report.rejected"])
        alive = partners.subscribe("alive", types=["report.rejected"])
        courier = partners.start_courier()
        partners.wait_for_queue(slow)
        theirs = Heard()
        with connection(partners.url(slow)) as channel:
            # It took one message and does not come to an end with it.
            channel.basic_qos(prefetch_count=1)
            channel.basic_consume("sub.slow", lambda *_: None)
            until(lambda: _is_read(partners, "sub.slow"), 20)
            for _ in range(3):
                wanted = _told(database, 24)
                for name in ("alive", "slow"):
                    _caught_up(partners, name, courier)
                drain(partners.url(alive), "sub.alive", theirs)
            until(lambda: (partners.standing("slow")["dropped"] or 0) == len(wanted) - 11, 20, courier.log.read_text)
        # What it gives back finds no room any more.
        until(lambda: partners.standing("slow")["dropped"] == len(wanted) - 10, 20, courier.log.read_text)
        standing = partners.standing("slow")
        kept = drain(partners.url(slow), "sub.slow", Heard())

        assert theirs.positions == wanted
        assert kept.positions == wanted[-10:]
        assert (standing["dropped_from"], standing["dropped_to"]) == (wanted[0], wanted[-11])

        again = Heard()
        reader = threading.Thread(target=drain, args=(partners.url(slow), "sub.slow", again), kwargs={"quiet": 5.0})
        reader.start()
        until(lambda: _is_read(partners, "sub.slow"), 20)
        handlers.move(partners.log, partners.rows, "slow", Start(position=standing["dropped_from"]), OPERATOR, cause())
        reader.join()

        assert again.positions == wanted


def test_a_dead_subscriber_is_kept_waiting_and_hears_everything_when_it_is_back(
    database: Database, servers: Servers, tmp_path: Path
) -> None:
    with partners_of(database, servers, tmp_path, length=10) as partners:
        dead = partners.subscribe("dead", types=["report.rejected"], start=Start())
        alive = partners.subscribe("alive", types=["report.rejected"], start=Start())
        courier = partners.start_courier()
        partners.wait_for_queue(dead)
        theirs = Heard()
        reader = threading.Thread(target=drain, args=(partners.url(alive), "sub.alive", theirs), kwargs={"quiet": 15.0})
        reader.start()
        _told(database, 30)
        until(lambda: "full" in str(partners.standing("dead")["last_error"]), 30, courier.log.read_text)
        wanted = _told(database, 120)
        _caught_up(partners, "alive", courier)
        held = partners.standing("dead")

        assert held["lag_events"] > 120
        assert held["dropped"] is None
        reader.join()

        assert theirs.positions == wanted

        heard = drain(partners.url(dead), "sub.dead", Heard(), quiet=12.0, most=len(wanted))

        assert heard.positions == wanted


def _is_read(partners: Partners, queue: str) -> bool:
    found = partners.management.call("GET", "queues", partners.names.vhost, queue)
    return bool(found.get("consumers"))
