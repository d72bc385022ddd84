"""Which reports are about the same thing: intake's own duplicate candidates, joined into clusters, the largest first.

An import of old messages brings hundreds of voices on a handful of hot issues; this says which, before anybody merges.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.intake import duplicates
from shared.contracts.envelope import Recorded
from shared.kernel.area import Area
from shared.ports import EventLog, Rows

JOINED_FROM = 0.54
"""Score from which two reports are taken to be about one thing; below it people decide."""

_WAITING = """
SELECT report_id::text, number, title, area, issue_type FROM intake.reports
WHERE is_open AND (area = %(area)s OR area LIKE %(area)s || '.%%')
ORDER BY reported_at, report_id
"""

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Reports that are about one thing, the earliest first."""

    area: str
    reports: tuple[dict[str, Any], ...]

    @property
    def title(self) -> str:
        return str(self.reports[0]["title"])


def clusters(rows: Rows, log: EventLog, area: Area, at_least: int = 3, told: Told = lambda *_: None) -> list[Cluster]:
    """Clusters of open reports in the area, the largest first. `rows` and `log` are intake's."""
    reports = {row["report_id"]: row for row in rows.query(_WAITING, {"area": area.path})}
    joined = {report_id: report_id for report_id in reports}
    for number, report_id in enumerate(reports, 1):
        first: Recorded[Any] = log.stream(f"report-{UUID(report_id)}")[0]
        for found in duplicates.candidates(rows, first.event, first.area):
            other = str(found["report_id"])
            if found["score"] >= JOINED_FROM and other in joined:
                _join(joined, report_id, other)
        if number % 200 == 0:
            told(number, len(reports))
    groups: dict[str, list[dict[str, Any]]] = {}
    for report_id, row in reports.items():
        groups.setdefault(_root(joined, report_id), []).append(row)
    large = [Cluster(group[0]["area"], tuple(group)) for group in groups.values() if len(group) >= at_least]
    return sorted(large, key=lambda cluster: -len(cluster.reports))


def _root(joined: dict[str, str], one: str) -> str:
    while joined[one] != one:
        joined[one] = joined[joined[one]]
        one = joined[one]
    return one


def _join(joined: dict[str, str], one: str, other: str) -> None:
    joined[_root(joined, other)] = _root(joined, one)
