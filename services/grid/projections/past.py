"""How every case stood at any moment, and now and then what all of them added up to.

`case_past` gets a row for each event that changed what a case counts for: how it stood from then on. Every STRIDE
positions the sums of the two widest tiers are noted in `area_sums`; a tier further down has ten times as many areas
with a tenth of the events each, so its sums are noted less often. What the sums were at a position follows from those
noted next to it and from the cases that changed in between: of these there are never many, however many cases there
are and however many events an hour has. `services.grid.queries.past` does that.

Where sums are noted follows from the positions alone: rows made again are the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from services.grid.projections.case_rows import CaseRow
from shared.contracts.envelope import Recorded
from shared.kernel.area import Tier
from shared.projections import Cursor, copy, said

STRIDE = 16_384
"""A rebuild takes as many positions at once, so that no batch of it is cut in two."""
DEPTHS = ((Tier.STREET, 1), (Tier.COMMUNITY, 8), (Tier.BUILDING, 64))
"""(deepest tier, every how many strides its sums are noted): the tiers above it are noted with it."""
WIDTHS = {Tier.DISTRICT: 6, Tier.STREET: 10, Tier.COMMUNITY: 14, Tier.GROUP: 18, Tier.BUILDING: 24}
"""How long the path of an area is."""

STANDING = (
    "area", "state", "loop", "issue_type", "department", "satisfaction", "resolved", "on_time", "on_the_spot",
    "problem", "is_open", "awaited", "reported_at", "due_at", "handled_at", "closed_at", "in_report", "in_dispatch",
    "in_handle", "in_check",
)  # fmt: skip
"""What is kept of a row: all that it counts for follows from it, and all that lists of cases ask of it."""
_COLUMNS = ("position", "case_id", "at", "gone", "due_anew", *STANDING)
_AREA, _AWAITED, _DUE_AT = (STANDING.index(name) for name in ("area", "awaited", "due_at"))

_STANDING_NOW = """
SELECT coalesce((SELECT max(position) FROM past_marks), 0), (SELECT at FROM case_past ORDER BY position DESC LIMIT 1)
"""
_MARK = "INSERT INTO past_marks (position, at, depth) VALUES (%s, %s, %s)"
_NOTE = """
INSERT INTO area_sums (area, position, sums)
SELECT changed.area, %(mark)s, coalesce(noted.sums, '{}')
FROM (SELECT DISTINCT left(area, %(width)s) AS area FROM case_past
      WHERE position > coalesce((SELECT max(position) FROM past_marks
                                 WHERE depth >= %(depth)s AND position < %(mark)s), 0)
        AND position <= %(mark)s AND length(area) >= %(width)s) changed,
LATERAL (SELECT json_object_agg(measure, keys ORDER BY measure) AS sums
         FROM (SELECT measure, json_object_agg(key, n ORDER BY key) AS keys FROM area_counts
               WHERE area_counts.area = changed.area GROUP BY measure) measures) noted
"""

Standing = tuple[str, ...]


def standing(row: CaseRow) -> Standing:
    """What is kept of the row, in the order of STANDING, as it is written."""
    return (
        row.area, row.state, said(row.loop), said(row.issue_type), said(row.department), said(row.satisfaction),
        _FLAGS[row.resolved], _FLAGS[row.on_time], _FLAGS[row.on_the_spot], _FLAGS[row.problem], _FLAGS[row.is_open],
        _FLAGS[row.awaited], said(row.reported_at), said(row.due_at), said(row.handled_at), said(row.closed_at),
        said(row.in_report), said(row.in_dispatch), said(row.in_handle), said(row.in_check),
    )  # fmt: skip


_FLAGS = {True: "t", False: "f", None: r"\N"}


def _expected(stood: Standing) -> tuple[str, ...]:
    """Where, whether and until when the case is awaited."""
    return stood[_AREA], stood[_AWAITED], stood[_DUE_AT]


@dataclass
class Past:
    """The changes of a stretch of events: told of a row after each of its events, in order."""

    at: datetime | None
    """When the last change before was recorded: time never runs back along the positions."""
    known: dict[str, Standing]
    """How the rows stood that were there before."""
    lines: list[str] = field(default_factory=list)

    def note(self, row: CaseRow, recorded: Recorded[Any]) -> None:
        """Keep how the row stands now, if the event has changed it."""
        before, now = self.known.get(row.case_id), standing(row)
        if before == now:
            return
        if self.at is None or self.at < recorded.recorded_at:
            self.at = recorded.recorded_at
        due_anew = row.awaited and (before is None or _expected(before) != _expected(now))
        which = f"{row.position}\t{row.case_id}\t{said(self.at)}\t"
        self.lines.append(f"{which}f\t{_FLAGS[due_anew]}\t" + "\t".join(now))
        if before is not None and before[_AREA] != row.area:
            self.lines.append(f"{which}t\tf\t" + "\t".join(before))
        self.known[row.case_id] = now

    def store(self, cursor: Cursor) -> None:
        """Write what was kept."""
        if self.lines:
            copy(cursor, "case_past", _COLUMNS, self.lines)


def standing_now(cursor: Cursor) -> tuple[int, datetime | None]:
    """(the last position at which sums were noted, when the last change was recorded)."""
    cursor.execute(_STANDING_NOW)
    mark, at = cursor.fetchone()
    return int(mark), at


def stretches(events: Sequence[Recorded[Any]]) -> Iterator[tuple[int, list[Recorded[Any]]]]:
    """The events between one multiple of the stride and the next, each stretch with the multiple that it follows."""
    for stride, part in groupby(events, key=lambda recorded: ((recorded.position or 1) - 1) // STRIDE):
        yield stride * STRIDE, list(part)


def note_sums(cursor: Cursor, last: int, mark: int, at: datetime | None) -> int:
    """Note the sums as of the mark unless there is one already; every change up to it is stored. The last mark."""
    if mark <= last or at is None:
        return last
    depth = max(tier for tier, strides in DEPTHS if mark // (STRIDE * strides) > last // (STRIDE * strides))
    cursor.execute(_MARK, [mark, at, int(depth)])
    for tier, width in WIDTHS.items():
        if tier <= depth:
            cursor.execute(_NOTE, {"mark": mark, "width": width, "depth": int(noted_with(tier))})
    return mark


def noted_with(tier: Tier) -> Tier:
    """The deepest tier whose sums are noted whenever those of the given one are."""
    return min(deepest for deepest, _ in DEPTHS if deepest >= tier)
