"""What places are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.kernel.area import Area, Tier
from shared.kernel.errors import Invalid
from shared.ports import Rows

Json = dict[str, Any]


def names(rows: Rows, paths: Iterable[str]) -> dict[str, str]:
    """Path → name, the street before the narrower place; a path that nobody has named is its own name."""
    wanted = sorted(set(paths))
    streets = {path: path[:10] for path in wanted}
    found = rows.query("SELECT path, name FROM places WHERE path = ANY(%s)", [[*wanted, *set(streets.values())]])
    known = {row["path"]: row["name"] for row in found}
    told = {}
    for path in wanted:
        street, own = known.get(streets[path]), known.get(path, path)
        told[path] = own if street is None or len(path) <= 10 else f"{street} {own}"
    return told


def lineage(rows: Rows, area: Area) -> list[Json]:
    """The area and everything that it lies in, the widest first."""
    paths = [found.path for tier in Tier if (found := area.at(tier)) is not None]
    return rows.query("SELECT path, name, tier FROM places WHERE path = ANY(%s) ORDER BY tier", [paths])


def children(rows: Rows, area: Area | None) -> list[Json]:
    """What lies directly in it; of the whole city its districts."""
    tier, below = (1, "%") if area is None else (area.tier + 1, f"{area.path}.%")
    return rows.query("SELECT path, name FROM places WHERE tier = %s AND path LIKE %s ORDER BY path", [tier, below])


def below(rows: Rows, area: Area | None) -> list[Json]:
    """The area and what lies in it, down to communities, or one tier below a community or less: to choose from."""
    finest = max(Tier.COMMUNITY, 1 if area is None else area.tier + 1)
    inside = "%" if area is None else f"{area.path}.%"
    return rows.query(
        "SELECT path, repeat('　', tier - 1) || name AS name FROM places"
        " WHERE tier <= %s AND (path = %s OR path LIKE %s) ORDER BY path LIMIT 2000",
        [int(finest), "" if area is None else area.path, inside],
    )


def know(rows: Rows, area: Area) -> Area:
    """The area, when there is one. Raises Invalid."""
    if not rows.query("SELECT 1 FROM places WHERE path = %s", [area.path]):
        raise Invalid(f"there is no area {area}", where="area", hint="ask /api/v1/areas for the places we know")
    return area
