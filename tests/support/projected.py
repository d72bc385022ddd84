"""Everything that was appended, given positions and projected, now: what relay and projector do, without waiting."""

from __future__ import annotations

import time
from collections.abc import Sequence

from shared.projections import Projection
from shared.projections.process import connect_as
from shared.projections.reading import PostgresFeed
from shared.projections.runner import Runner
from tests.support.database import Database


def project(database: Database, projections: Sequence[Projection]) -> None:
    """Bring these projections up to date. A poisoned event is a failure here."""
    _give_positions(database)
    services = {found.service for found in projections}
    runner = Runner(projections, connect_as({name: database.url(name) for name in services}), PostgresFeed())
    try:
        assert runner.open(), "another projector leads in this database"
        runner.catch_up()
        runner.tidy()
        for label, standing in runner.standings.items():
            assert standing.state == "live", f"{label} is {standing.state}: {standing.error}"
            assert standing.track is not None
            assert standing.track.poisoned == 0, f"{label} could not take {standing.track.poisoned} events"
    finally:
        runner.close()


def _give_positions(database: Database, seconds: float = 20) -> None:
    """To every event there is. A transaction anywhere in the server, of whatever test, holds positions back a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        database.settle()
        ((events, positions),) = database.query(
            "SELECT (SELECT count(*) FROM es.events), (SELECT count(*) FROM es.feed)"
        )
        if events == positions:
            return
        time.sleep(0.05)
    raise AssertionError(f"only {positions} of {events} events have a position after {seconds} s")
