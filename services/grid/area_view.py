"""What the five-level view shows of one area: figures, map, people, tables, all of one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.grid.domain.time import day_of
from services.grid.ground_map import Maps
from services.grid.queries import behind, past, places, views
from services.grid.queries.past import Moment
from shared.kernel.area import Area
from shared.pages.formats import within
from shared.pages.words import STEP_ORDER
from shared.ports import Rows

MOST_TYPES = 8
"""Kinds of issue and departments shown; the rest is one line."""
_HEATS = 4
_MAPS = Maps()

SORTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "name": lambda child: child["path"],
    "cases": lambda child: child["cases"],
    "open": lambda child: child["open"],
    "overdue": lambda child: child["overdue"],
    "on_time": lambda child: -1.0 if child["on_time_share"] is None else child["on_time_share"],
    "satisfied": lambda child: (
        -1.0 if child["satisfaction"]["satisfied_share"] is None else child["satisfaction"]["satisfied_share"]
    ),
    "handling": lambda child: child["handling"]["median_seconds"] or 0,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a ranking."""

    code: str
    name: str
    cases: int
    open: int
    width: float
    """Of 100."""
    open_width: float


def look(
    rows: Rows, area: Area, call_at: datetime, days: int, language: str, then: Moment | None = None
) -> dict[str, Any]:
    """Everything that the page says, as of a past moment if one is given. Raises NotFound."""
    view = views.view(rows, area, call_at, days) if then is None else past.view(rows, area, then, days)
    place = places.area(rows, area)
    own, today = view["area"], date.fromisoformat(day_of(view["at"]))
    below = [{**child, "name": within(child["name"], place["name"])} for child in place["children"]]
    figures = {child["path"]: child for child in view["children"]}
    return {
        "view": view,
        "own": own,
        "place": place,
        "steps": _steps(own),
        "map": _map(rows, area, [(child, figures[child["path"]]) for child in below if child["path"] in figures]),
        "types": _bars(rows, own["by_issue_type"], "issue_type", language),
        "departments": _bars(rows, own["by_department"], "department", language),
        "trend": _trend(own["by_day"]),
        "people": behind.people(rows, area, today),
        "people_below": behind.people_below(rows, area, today),
        "loops": _loops(own["solved_by_loop"]),
    }


def ordered(children: list[dict[str, Any]], sort: str, down: bool) -> list[dict[str, Any]]:
    """The children by one of their figures; equals stay in the order of their codes."""
    return sorted(children, key=SORTS[sort], reverse=down)


def _steps(own: dict[str, Any]) -> list[dict[str, Any]]:
    """How many stand in each step, and how long those who have left it were there."""
    counted, stays = own["by_step"], own.get("by_step_median_seconds") or {}
    most = max(counted.values(), default=0) or 1
    return [
        {"step": step, "n": counted[step], "fill": counted[step] / most, "median": stays.get(step)}
        for step in STEP_ORDER
    ]


def _loops(found: dict[str, int]) -> list[dict[str, Any]]:
    """Solved where: the share of each loop, and where its part of the bar begins."""
    total, at = sum(found.values()), 0.0
    shares = []
    for loop, n in found.items():
        share = n / total if total else 0.0
        shares.append({"loop": loop, "n": n, "share": share if total else None, "at": at * 100, "width": share * 100})
        at += share
    return shares


def _map(rows: Rows, area: Area, children: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any] | None:
    """The children on the ground, shaded by what is open there."""
    drawn = _MAPS.of(rows, area.path, [place for place, _ in children])
    if drawn is None:
        return None
    most = max((figures["open"] for _, figures in children), default=0)
    tiles = [
        {
            "path": place["path"],
            "name": place["name"],
            "open": figures["open"],
            "overdue": figures["overdue"],
            "heat": 0 if not most else min(_HEATS, -(-figures["open"] * _HEATS // most)),
            "drawn": tile.path,
            "label": tile.label,
        }
        for (place, figures), tile in zip(children, drawn.tiles, strict=True)
    ]
    return {"tiles": tiles, "width": drawn.width, "height": drawn.height, "is_real": drawn.is_real,
            "is_roomy": drawn.is_roomy, "without": drawn.without}  # fmt: skip


def _bars(rows: Rows, found: list[dict[str, Any]], kind: str, language: str) -> list[Bar]:
    shown = found[:MOST_TYPES]
    called = behind.names(rows, kind, (one[kind] for one in shown), language)
    most = max((one["cases"] for one in shown), default=0) or 1
    return [
        Bar(
            one[kind],
            called[one[kind]],
            one["cases"],
            one["open"],
            one["cases"] / most * 100,
            one["open"] / most * 100,
        )
        for one in shown
    ]


def _trend(days: list[dict[str, Any]]) -> dict[str, Any]:
    """Days with the heights of their two columns, of 100, and what the top of the scale is."""
    top = max((max(day["opened"], day["closed"]) for day in days), default=0)
    scale = _round_up(top)
    return {
        "top": scale,
        "days": [
            {**day, "opened_height": day["opened"] / scale * 100, "closed_height": day["closed"] / scale * 100}
            for day in days
        ],
    }


def _round_up(top: int) -> int:
    """The next number that people like to read at the top of a scale."""
    step = 1
    while True:
        for factor in (4, 8, 12, 20):
            if top <= factor * step:
                return factor * step
        step *= 10
