"""How the clocks of the city stand: what is overdue where, and who was called upon and has not answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.ports import Rows
from shared.telemetry import metrics

_OVERDUE = """
SELECT coalesce(loop, '-') AS loop, stage, count(DISTINCT case_id) AS cases FROM clocks
WHERE is_open AND is_breached GROUP BY 1, 2
"""
_ESCALATIONS = "SELECT rung, count(*) AS open FROM escalations WHERE is_open GROUP BY rung"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the gauges show."""

    rows: Rows

    def overdue(self) -> Mapping[tuple[str, str], int]:
        """(loop, stage) → cases with a limit that has run out."""
        return {(row["loop"], row["stage"]): int(row["cases"]) for row in self.rows.query(_OVERDUE)}

    def escalations(self) -> Mapping[str, int]:
        """Rung → escalations that nobody has acknowledged, about something that is still not done."""
        return {row["rung"]: int(row["open"]) for row in self.rows.query(_ESCALATIONS)}

    def show(self, backlog: int) -> None:
        """Set the gauges; what went down to nothing says so."""
        metrics.CLOCK_BACKLOG.set(backlog)
        _set(metrics.CASES_OVERDUE_STAGE, ("loop", "stage"), self.overdue())
        _set(metrics.ESCALATIONS_OPEN, ("level",), {(rung,): count for rung, count in self.escalations().items()})


def _set(gauge: Any, names: tuple[str, ...], found: Mapping[Any, int]) -> None:
    gauge.clear()
    for labels, count in found.items():
        gauge.labels(**dict(zip(names, labels, strict=True))).set(count)
