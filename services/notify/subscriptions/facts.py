"""What is known about cases at each position, from the log itself: the same whenever and by whomever it is asked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from services.notify.subscriptions.matching import NOTHING, Facts
from shared.ports import Rows

_TELLING = ["report.submitted", "report.accepted", "case.filed", "case.dispatched"]
_ASK = """
SELECT e.correlation_id::text AS about, f.position, e.data->>'issue_type' AS issue_type,
       e.data->>'department' AS department, e.data->'co_handlers' AS co_handlers
FROM es.events e JOIN es.feed f ON f.txid = e.txid AND f.seq = e.seq
WHERE e.correlation_id = ANY (%(about)s::uuid[]) AND e.type = ANY (%(telling)s)
ORDER BY f.position
"""


@dataclass(slots=True)
class History:
    """How the facts about one case grew."""

    positions: list[int] = field(default_factory=list)
    facts: list[Facts] = field(default_factory=list)

    def add(self, row: dict[str, Any]) -> None:
        known = self.facts[-1] if self.facts else NOTHING
        departments = {row["department"], *(row["co_handlers"] or ())} - {None}
        self.positions.append(row["position"])
        self.facts.append(Facts(row["issue_type"] or known.issue_type, known.departments | departments))

    def at(self, position: int) -> Facts:
        """What the events up to this position tell, itself included."""
        place = bisect_right(self.positions, position)
        return self.facts[place - 1] if place else NOTHING


def histories(rows: Rows, about: Iterable[str]) -> dict[str, History]:
    """Correlation id → how the facts about it grew; nothing for one about which nothing is told."""
    ids = sorted(set(about))
    found: dict[str, History] = {}
    if ids:
        for row in rows.query(_ASK, {"about": ids, "telling": _TELLING}):
            found.setdefault(row["about"], History()).add(row)
    return found
