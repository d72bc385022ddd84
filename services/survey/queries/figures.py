"""Figures for any window, area and grouping, as of any position; and exactly the cases behind each of them.

A figure and its cases are the same condition on the same rows: one is counted, the others are listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from services.survey.domain.counted import Kind
from services.survey.domain.indicators import INDICATORS, Indicator, Window
from shared.kernel.area import Area
from shared.kernel.errors import Invalid
from shared.kernel.wording import Wording
from shared.ports import Rows
from shared.security import permission
from shared.security.permission import Asker
from shared.web.paging import place, read_place

Json = dict[str, Any]
FOREVER = 2**63 - 1
LONGEST = timedelta(days=731)


class By(StrEnum):
    """What figures are grouped by."""

    NOTHING = "nothing"
    STREET = "street"
    COMMUNITY = "community"
    GROUP = "group"
    BUILDING = "building"
    GRID = "grid"
    DEPARTMENT = "department"
    ISSUE_TYPE = "issue_type"
    SOURCE = "source"


class Part(StrEnum):
    """Which of a figure's two numbers."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"


_KEYS = {
    By.NOTHING: "''",
    By.STREET: "left(area, 10)",
    By.COMMUNITY: "left(area, 14)",
    By.GROUP: "left(area, 18)",
    By.BUILDING: "area",
    By.GRID: "coalesce((SELECT min(grid) FROM grid_covers WHERE grid_covers.area"
    " IN (counted.area, left(counted.area, 18), left(counted.area, 14))), '')",
    By.DEPARTMENT: "coalesce(department, '')",
    By.ISSUE_TYPE: "coalesce(issue_type, '')",
    By.SOURCE: "coalesce(source, '')",
}
_CALLED = {By.STREET: "area", By.COMMUNITY: "area", By.GROUP: "area", By.BUILDING: "area"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which figures: of a half-open window of instants, of an area, narrowed and grouped."""

    since: datetime
    until: datetime
    at: datetime
    """For which instant the figures hold: what is overdue then."""
    area: Area | None = None
    by: By = By.NOTHING
    department: str | None = None
    issue_type: str | None = None
    """A code or the beginning of one."""
    source: str | None = None
    position: int | None = None
    """As of this place in the log; None for what is known now."""
    role: str | None = None

    def __post_init__(self) -> None:
        if not self.since < self.until:
            said = Wording("统计期间的开始必须早于结束", "the window has to begin before it ends")
            raise Invalid(str(said), where="until")
        if self.until - self.since > LONGEST:
            said = Wording("统计期间最长两年", "the window is two years at the most")
            raise Invalid(str(said), where="until")


def narrowed(wanted_area: Area | None, department: str | None, asker: Asker) -> tuple[Area | None, str | None]:
    """What this asker may count: their own area, and of a department its own work. Raises Forbidden."""
    if wanted_area is not None:
        permission.require(asker, action_area=wanted_area)
    if department is not None:
        permission.require(asker, department=department)
    own = asker.department if asker.role == "department" else None
    return wanted_area or asker.area, department or own


def figures(rows: Rows, wanted: Wanted) -> Json:
    """Every figure for every group that has one. Groups are in order of their keys; `''` is all, or nobody's."""
    chosen = [found for found in INDICATORS if wanted.role in (None, found.role)]
    counted: dict[str, dict[str, Json]] = defaultdict(dict)
    for (kind, window), indicators in _together(chosen).items():
        for row in rows.query(_counting(kind, window, indicators, wanted), _values(wanted)):
            for number, found in enumerate(indicators):
                counted[row["key"]][found.code] = _figure(found, row[f"n{number}"], row[f"d{number}"])
    names = _names(rows, wanted.by, counted)
    return {
        "position": wanted.position or _position(rows),
        "at": wanted.at,
        "groups": [
            {"key": key, "name": names.get(key), "figures": _complete(chosen, counted[key])} for key in sorted(counted)
        ],
    }


def _together(indicators: Iterable[Indicator]) -> dict[tuple[Kind, Window], list[Indicator]]:
    """Those that ask the same rows are asked together."""
    found: dict[tuple[Kind, Window], list[Indicator]] = defaultdict(list)
    for indicator in indicators:
        found[indicator.kind, indicator.window].append(indicator)
    return found


def _counting(kind: Kind, window: Window, indicators: list[Indicator], wanted: Wanted) -> str:
    parts = []
    for number, found in enumerate(indicators):
        parts.append(
            f"coalesce(sum({found.weight}) FILTER (WHERE {_of(found.numerator, wanted)}), 0)::bigint AS n{number}"
        )
        below = "true" if found.denominator is None else _of(found.denominator, wanted)
        parts.append(f"count(*) FILTER (WHERE {below}) AS d{number}")
    return (
        f"SELECT {_KEYS[wanted.by]} AS key, {', '.join(parts)} FROM counted"
        f" WHERE {_rows_of(kind, window, wanted)} GROUP BY 1"
    )


def _of(condition: str, wanted: Wanted) -> str:
    return f"({condition.replace('{holds}', _holds('later', wanted))})"


def _holds(table: str, wanted: Wanted) -> str:
    if wanted.position is None:
        return f"{table}.until_position = {FOREVER}"
    return f"{table}.from_position <= %(position)s AND {table}.until_position > %(position)s"


def _rows_of(kind: Kind, window: Window, wanted: Wanted) -> str:
    conditions = [
        f"kind = '{kind.value}'",
        f"{window.value} >= %(since)s AND {window.value} < %(until)s",
        _holds("counted", wanted),
    ]
    if wanted.area is not None:
        conditions.append("(area = %(area)s OR left(area, length(%(area)s) + 1) = %(area)s || '.')")
    if wanted.department is not None:
        conditions.append("department = %(department)s")
    if wanted.issue_type is not None:
        conditions.append(
            "(issue_type = %(issue_type)s OR left(issue_type, length(%(issue_type)s) + 1) = %(issue_type)s || '-')"
        )
    if wanted.source is not None:
        conditions.append("source = %(source)s")
    return " AND ".join(conditions)


def _values(wanted: Wanted) -> Json:
    return {
        "since": wanted.since,
        "until": wanted.until,
        "at": wanted.at,
        "area": wanted.area and wanted.area.path,
        "department": wanted.department,
        "issue_type": wanted.issue_type,
        "source": wanted.source,
        "position": wanted.position,
    }


def _figure(found: Indicator, numerator: int, denominator: int) -> Json:
    if not found.is_rate:
        return {"indicator": found.code, "numerator": numerator, "denominator": None, "ratio": None}
    ratio = round(numerator / denominator, 6) if denominator else None
    return {"indicator": found.code, "numerator": numerator, "denominator": denominator, "ratio": ratio}


def _complete(chosen: list[Indicator], known: dict[str, Json]) -> list[Json]:
    """Every indicator in its order; a group without rows of a kind has nothing of it."""
    return [known.get(found.code) or _figure(found, 0, 0) for found in chosen]


def _names(rows: Rows, by: By, keys: Iterable[str]) -> dict[str, str]:
    wanted = [key for key in keys if key]
    if by is By.NOTHING or not wanted:
        return {}
    found = rows.query(
        "SELECT code, name FROM names WHERE what = %(what)s AND code = ANY (%(codes)s)",
        {"what": _CALLED.get(by, by.value), "codes": wanted},
    )
    return {row["code"]: row["name"] for row in found}


def called(rows: Rows, codes: Iterable[str | None]) -> dict[str, str]:
    """Paths of areas and codes of departments → names."""
    found = rows.query(
        "SELECT code, name FROM names WHERE what IN ('area', 'department') AND code = ANY (%(codes)s)",
        {"codes": sorted({code for code in codes if code})},
    )
    return {row["code"]: row["name"] for row in found}


def _position(rows: Rows) -> int:
    """How far the rows have come."""
    found = rows.query("SELECT position FROM watermarks WHERE projection = 'counted'")
    return found[0]["position"] if found else 0


# --- the cases behind a figure ----------------------------------------------------------------------------------


def cases_behind(
    rows: Rows, wanted: Wanted, indicator: Indicator, part: Part, key: str | None, after: str | None, limit: int
) -> Json:
    """The rows that one number counts, oldest first: exactly as many as it says (or their weights' sum)."""
    if part is Part.DENOMINATOR and indicator.denominator is None:
        said = Wording(f"{indicator.name.zh}是计数，没有分母", f"{indicator.code} is a count and has no denominator")
        raise Invalid(str(said), where="part")
    condition = indicator.numerator if part is Part.NUMERATOR else indicator.denominator or "true"
    column = indicator.window.value
    conditions = [_rows_of(indicator.kind, indicator.window, wanted), _of(condition, wanted)]
    values = _values(wanted) | {"limit": limit + 1}
    if key is not None:
        conditions.append(f"{_KEYS[wanted.by]} = %(key)s")
        values["key"] = key
    if after is not None:
        after_at, after_ref = read_place(after)
        conditions.append(f"({column}, ref) > (%(after_at)s::timestamptz, %(after_ref)s::uuid)")
        values |= {"after_at": after_at or "-infinity", "after_ref": str(after_ref)}
    found = rows.query(
        f"SELECT ref, case_id, number, area, department, issue_type, stage, opened_at, due_at, done_at, outcome,"
        f" on_time, {column} AS placed, {indicator.weight} AS weight FROM counted WHERE {' AND '.join(conditions)}"
        f" ORDER BY {column}, ref LIMIT %(limit)s",
        values,
    )
    page = found[:limit]
    more = place(page[-1]["placed"], page[-1]["ref"]) if len(found) > limit else None
    return {"cases": list(_shown(page)), "next_after": more}


def _shown(page: list[Json]) -> Iterator[Json]:
    for row in page:
        yield {name: value for name, value in row.items() if name != "placed"}


def window(first: date, last: date) -> tuple[datetime, datetime]:
    """The instants of whole days in the city's zone: from the beginning of the first to the end of the last."""
    start = datetime.fromisoformat(f"{first.isoformat()}T00:00:00+08:00")
    return start, datetime.fromisoformat(f"{last.isoformat()}T00:00:00+08:00") + timedelta(days=1)
