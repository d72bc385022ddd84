"""With reports arriving, everything that can die is killed, one after the other; afterwards the books must balance.

Every report that got a 201 is in the log once and in every view once, its case was filed and dispatched once, its
reporter was told once, no stream has a hole, nothing is parked, and the loop goes on.
"""

from __future__ import annotations

import time

import pytest

from tests.support.city import City, Stream
from tests.support.ledger import complaints, settle
from tests.support.stack import RunningStack

PROCESSES = ("relay", "projector", "courier", "timer", "intake", "dispatch", "grid", "survey", "notify")


@pytest.fixture(scope="module")
def city(panlong: RunningStack) -> City:
    return City(panlong)


@pytest.mark.faults
def test_every_process_of_ours_may_be_killed_while_reports_arrive(panlong: RunningStack, city: City) -> None:
    with Stream(city, per_second=15) as arriving:
        for name in PROCESSES:
            time.sleep(1.5)
            before = panlong.pid(name)
            panlong.kill(name)
            panlong.wait_ready()
            assert panlong.pid(name) != before
    settle(panlong)

    assert len(arriving.answered) > 9
    assert complaints(panlong, arriving.answered, arriving.accepted) == []
    assert city.to_closed("杀完进程之后") in _cases(panlong)


@pytest.mark.faults
def test_rabbitmq_may_be_killed_while_reports_arrive(panlong: RunningStack, city: City) -> None:
    _without_a_broker(panlong, city, seconds=8)

    assert city.to_closed("消息服务器重启之后") in _cases(panlong)


@pytest.mark.long
def test_a_broker_that_is_down_for_a_minute_costs_no_report(panlong: RunningStack, city: City) -> None:
    _without_a_broker(panlong, city, seconds=60)


@pytest.mark.faults
def test_postgresql_may_be_killed_while_reports_arrive(panlong: RunningStack, city: City) -> None:
    with Stream(city, per_second=15) as arriving:
        time.sleep(2)
        panlong.kill("postgresql")
        time.sleep(2)
        panlong.start("postgresql")
        panlong.wait_ready()
        time.sleep(1)
    settle(panlong)

    assert len(arriving.answered) > 9
    assert complaints(panlong, arriving.answered, arriving.accepted) == []
    assert city.to_closed("数据库重启之后") in _cases(panlong)


@pytest.mark.faults
def test_of_two_relays_one_publishes_and_the_other_takes_over(panlong: RunningStack, city: City) -> None:
    with panlong.another("relay") as second, Stream(city, per_second=15) as arriving:
        time.sleep(2)
        assert [second.metric("wuji_relay_leader"), panlong.metric("relay", "wuji_relay_leader")] == [0, 1]
        panlong.stop("relay")
        began = time.monotonic()
        while second.metric("wuji_relay_leader") != 1:
            assert time.monotonic() - began < 30, "nobody took over"
            time.sleep(0.05)
        time.sleep(1)
        panlong.start("relay")
    panlong.wait_ready()
    settle(panlong)

    assert complaints(panlong, arriving.answered, arriving.accepted) == []


def _without_a_broker(stack: RunningStack, city: City, *, seconds: float) -> None:
    """It dies while reports arrive, they go on arriving, and it comes back."""
    with Stream(city, per_second=15) as arriving:
        time.sleep(2)
        answered_before = len(arriving.answered)
        stack.kill("rabbitmq")
        time.sleep(seconds)
        answered_meanwhile = len(arriving.answered) - answered_before
        stack.start("rabbitmq")
        stack.wait_ready()
        time.sleep(1)
    settle(stack)

    assert answered_meanwhile > 9
    assert complaints(stack, arriving.answered, arriving.accepted) == []


def _cases(stack: RunningStack) -> set[str]:
    return {str(row[0]) for row in stack.rows("SELECT case_id FROM grid.cases", role="grid")}
