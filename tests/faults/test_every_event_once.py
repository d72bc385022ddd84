"""A subscriber of each kind gets every event that it wants, once in effect, whatever is killed on the way.

A queue read with the departments' package, a signed webhook and the pull feed hear the same run, while the city is at
work: the programs themselves, the relay, the courier, notify, RabbitMQ, PostgreSQL and everybody's connections to it
are killed, one after the other, again and again. `make long` does it with 100,000 events (WUJI_TEST_EVENTS).
"""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

import pytest

from tests.support.city import City, Stream
from tests.support.ledger import messages, settle
from tests.support.stack import RunningStack, eventually
from tests.support.whole_run import Run, Writer

VICTIMS = (
    *("queue", "relay", "webhook", "courier", "rabbitmq", "feed", "notify", "connections"),
    *("queue", "courier", "webhook", "postgresql", "feed", "relay"),
)


def everything_once(stack: RunningStack, folder: Path, events: int, per_second: float, pause: float) -> None:
    """So many events at such a pace, somebody killed every few seconds; afterwards the books must balance."""
    run, began = Run(stack, folder), time.monotonic()
    writer = Writer(stack.environment("operator")["DATABASE_URL_IMPORTER"], events, per_second)
    try:
        run.subscribe()
        with writer.writing(), Stream(City(stack), per_second=3) as arriving:
            for victim in itertools.cycle(VICTIMS):
                time.sleep(pause)
                run.hurt(victim)
                if not writer.is_busy and run.killed.keys() >= set(VICTIMS):
                    break
        stack.wait_ready()
        settle(stack, 120 + events / 200)
        wanted = run.wanted()
        eventually(lambda: run.has_all(len(wanted)), 60 + events / 100, 0.5)
        time.sleep(2)  # for what would come although it should not

        print(f"\n{events:,} events and {len(arriving.answered)} reports in {time.monotonic() - began:.0f} s; killed:")
        print(", ".join(f"{victim} {count}" for victim, count in sorted(run.killed.items())))
        for kind, program in run.programs.items():
            heard, effects = program.found("heard"), program.found("effects")
            print(f"{kind}: {len(wanted):,} wanted, {heard.total():,} heard, {effects.total():,} effects")

            assert wanted - effects.keys() == set(), f"{kind} lacks events: {run.standing()}"
            assert effects.keys() - wanted == set(), f"{kind} got what it did not ask for"
            assert effects.total() == len(wanted), f"{kind} did something twice"
        assert len(wanted) > events * 0.7
        assert [name for name, count in messages(stack).items() if count and name.endswith(".parked")] == []
    finally:
        run.close()


@pytest.mark.faults
def test_a_subscriber_of_each_kind_gets_everything_once(panlong: RunningStack, tmp_path: Path) -> None:
    everything_once(panlong, tmp_path, 3_000, per_second=90, pause=1.5)


@pytest.mark.long
def test_a_subscriber_of_each_kind_gets_a_hundred_thousand_events_once(panlong: RunningStack, tmp_path: Path) -> None:
    everything_once(panlong, tmp_path, int(os.environ.get("WUJI_TEST_EVENTS", "100000")), per_second=220, pause=6)
