"""The relay's leader makes the log's months ahead, and goes on publishing when it cannot."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from shared.relay.upkeep import MONTHS_AHEAD, Upkeep
from tests.integration.test_relay import NO_BROKER, heard, published, running, until
from tests.support.appends import adding, new_stream
from tests.support.broker import Vhost
from tests.support.database import Database

pytestmark = pytest.mark.integration


def _months(database: Database) -> list[str]:
    """The partitions of this month and of those ahead, without the one for everything else."""
    found = database.query(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'es.events'::regclass AND c.relname <> 'events_default' ORDER BY 1"
    )
    return [name for (name,) in found]


def _failures() -> float:
    return REGISTRY.get_sample_value("wuji_partitions_failed_total") or 0.0


def test_whoever_takes_the_lead_makes_the_months_that_are_missing(database: Database) -> None:
    before = _months(database)
    for name in before[-3:]:
        database.query(f"DROP TABLE es.{name}", role="owner")
    with running(database, NO_BROKER):
        until(lambda: len(_months(database)) == len(before))

    assert len(before) == MONTHS_AHEAD + 1
    assert _months(database) == before


def test_a_leader_looks_again_after_a_while(database: Database) -> None:
    before = _months(database)
    with running(database, NO_BROKER, upkeep=Upkeep(every=0.3)) as leader:
        until(lambda: leader.leading)
        database.query(f"DROP TABLE es.{before[-1]}", role="owner")
        until(lambda: _months(database) == before)

    assert _months(database) == before


def test_months_that_cannot_be_made_are_counted_and_stop_nothing(database: Database, vhost: Vhost) -> None:
    database.query("REVOKE EXECUTE ON FUNCTION es.make_partitions(integer) FROM wuji_relay", role="owner")
    before = _failures()
    with running(database, vhost.url("relay"), upkeep=Upkeep(after_failure=0.2)):
        database.log("intake").append(adding(new_stream(), 0))
        until(lambda: published(database) == 1)
        until(lambda: _failures() >= before + 2)

    assert [event.position for event in heard(vhost)] == [1]


def test_the_relay_may_make_months_and_nothing_else_of_the_owners(database: Database) -> None:
    with pytest.raises(Exception, match="permission denied"):
        database.query("CREATE TABLE es.mine (n integer)", role="relay")
    [(is_definer, settings)] = database.query(
        "SELECT prosecdef, proconfig FROM pg_proc WHERE oid = 'es.make_partitions(integer)'::regprocedure"
    )

    assert is_definer
    assert "search_path=pg_catalog, es" in settings
