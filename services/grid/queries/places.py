"""The ground looked up: areas with their children, grids, who stands where on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from shared.contracts.appointment import Post
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.ports import Rows

_AREA = "SELECT path, parent, tier, name, kind, lat, lon FROM areas"


def districts(rows: Rows) -> list[dict[str, Any]]:
    """The areas that have no parent."""
    return [_described(row) for row in rows.query(f"{_AREA} WHERE parent IS NULL ORDER BY path")]


def area(rows: Rows, wanted: Area) -> dict[str, Any]:
    """One area, what it lies in, and what lies directly in it. Raises NotFound."""
    line = [found.path for found in wanted.ancestors()]
    found = rows.query(
        f"{_AREA} WHERE path = ANY (%(line)s) OR parent = %(path)s ORDER BY path", {"line": line, "path": wanted.path}
    )
    known = {row["path"]: _described(row) for row in found}
    if wanted.path not in known:
        raise NotFound(str(Wording(f"没有区域 {wanted}", f"there is no area {wanted}")), where="area")
    return {
        **known[wanted.path],
        "lineage": [known[path] for path in line[:-1] if path in known],
        "children": [_described(row) for row in found if row["parent"] == wanted.path],
    }


def _described(row: dict[str, Any]) -> dict[str, Any]:
    centre = None if row["lat"] is None else {"lat": row["lat"], "lon": row["lon"]}
    tier = Area(row["path"]).tier
    return {
        "path": row["path"],
        "code": row["path"].replace(".", ""),
        "tier": tier.label,
        "name": row["name"],
        "kind": row["kind"],
        "centre": centre,
    }


def grids(rows: Rows, within: Area | None, after: str | None, limit: int) -> dict[str, Any]:
    """Grids whose community lies in the area or holds it, by code, page by page."""
    found = rows.query(
        "SELECT code, name, community, covers, households FROM grids"
        " WHERE (%(area)s::text IS NULL OR left(community, length(%(area)s)) = %(area)s"
        "        OR left(%(area)s, length(community)) = community)"
        " AND (%(after)s::text IS NULL OR code > %(after)s) ORDER BY code LIMIT %(limit)s",
        {"area": within and within.path, "after": after, "limit": limit + 1},
    )
    return {"grids": found[:limit], "next": found[limit - 1]["code"] if len(found) > limit else None}


def appointments(
    rows: Rows, *, on: date, within: Area | None, person: str | None, post: Post | None, grid: str | None
) -> dict[str, Any]:
    """Who stands where on that day: at most a thousand, by area and post."""
    found = rows.query(
        "SELECT appointment_id, person, post, area, grid, unit, since, until FROM appointments"
        " WHERE since <= %(on)s AND (until IS NULL OR until >= %(on)s)"
        " AND (%(area)s::text IS NULL OR left(area, length(%(area)s)) = %(area)s)"
        " AND (%(person)s::text IS NULL OR person = %(person)s)"
        " AND (%(post)s::text IS NULL OR post = %(post)s)"
        " AND (%(grid)s::text IS NULL OR grid = %(grid)s)"
        " ORDER BY area, post, person LIMIT 1000",
        {
            "on": on,
            "area": within and within.path,
            "person": person,
            "post": post and post.value,
            "grid": grid,
        },
    )
    return {"on": on, "appointments": found}
