"""A projector of two small projections, as a process: `python -m tests.support.tiny_projector [die-before-ack]`.

`seen` counts how often each event was taken, and cannot take a report whose title contains "poison"; `cases` is grid's.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from typing import Any

from services.grid.projections.cases import CASES
from shared.contracts.report import ReportSubmitted
from shared.projections import Batch, Cursor, Projection
from shared.projections.bus import Bus, Delivery
from shared.projections.process import run


def _apply(batch: Batch, cursor: Cursor) -> None:
    times = Counter[int]()
    for recorded in batch.events:
        if isinstance(recorded.event, ReportSubmitted) and "poison" in recorded.event.title:
            raise ValueError(f"cannot take {recorded.event.title}")
        assert recorded.position is not None
        times[recorded.position] += 1
    for position, n in times.items():
        cursor.execute(
            "INSERT INTO seen AS known VALUES (%s, %s) ON CONFLICT (position) DO UPDATE SET n = known.n + excluded.n",
            [position, n],
        )


SEEN = Projection(
    name="seen",
    service="intake",
    tables="CREATE TABLE seen (position bigint PRIMARY KEY, n integer NOT NULL);",
    handles=frozenset({"report.submitted", "report.accepted", "case.filed"}),
    apply=_apply,
)
PROJECTIONS = (SEEN, CASES)


class _Dies(Bus):
    def acknowledge(self, deliveries: list[Delivery]) -> None:
        if deliveries:
            os.kill(os.getpid(), signal.SIGKILL)
        super().acknowledge(deliveries)


def main(arguments: list[str]) -> None:
    """Run until told to stop; with `die-before-ack` until the first batch was stored and not acknowledged."""
    if "die-before-ack" in arguments:
        from shared.projections import process

        module: Any = process
        module.Bus = _Dies
    run(PROJECTIONS)


if __name__ == "__main__":
    main(sys.argv[1:])
