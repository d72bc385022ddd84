"""What residents' pages look up: kinds to choose from, places to choose from, what neighbours told of already."""

from __future__ import annotations

from typing import Any

from services.intake import duplicates
from services.intake.places import nearest
from shared.contracts.report import ReportSubmitted, Source, Urgency
from shared.contracts.shapes import Point
from shared.kernel.area import Area, Tier
from shared.kernel.ids import new_id
from shared.ports import Rows

Json = dict[str, Any]


_KINDS = "SELECT code, name, name_en, group_name FROM intake.issue_types WHERE NOT is_withdrawn ORDER BY code"


def kinds(rows: Rows) -> list[Json]:
    """Every kind of issue by group, in the order of their codes."""
    groups: dict[str, Json] = {}
    for row in rows.query(_KINDS):
        group = groups.setdefault(row["group_name"], {"name": row["group_name"], "kinds": []})
        group["kinds"].append(row)
    return list(groups.values())


def line(rows: Rows, area: Area) -> list[Json]:
    """The area's own line, from the district down, with names; what is not known is left out."""
    wanted = [found.path for found in area.ancestors()]
    return rows.query("SELECT path, name, tier FROM intake.areas WHERE path = ANY (%s) ORDER BY path", [wanted])


def below(rows: Rows, area: Area | None) -> list[Json]:
    """What lies directly in the area; without one the districts, or what lies in the only one."""
    if area is None:
        districts = rows.query("SELECT path, name, tier FROM intake.areas WHERE tier = 1 ORDER BY path")
        # Where there is only one district there is nothing to choose.
        return districts if len(districts) != 1 else below(rows, Area(districts[0]["path"]))
    if area.tier is Tier.BUILDING:
        return []
    return rows.query(
        "SELECT path, name, tier FROM intake.areas WHERE tier = %s AND left(path, %s) = %s ORDER BY path",
        [int(area.tier) + 1, len(area.path) + 1, f"{area.path}."],
    )


def communities(rows: Rows) -> list[Json]:
    """Every street with its communities: what a page without scripts lets people choose from."""
    streets: dict[str, Json] = {}
    for row in rows.query("SELECT path, name, tier FROM intake.areas WHERE tier IN (2, 3) ORDER BY path"):
        if row["tier"] == Tier.STREET:
            streets[row["path"]] = {**row, "communities": []}
        elif row["path"].rpartition(".")[0] in streets:
            streets[row["path"].rpartition(".")[0]]["communities"].append(row)
    return list(streets.values())


def buildings(rows: Rows, area: Area) -> list[Json]:
    """Every building in the area, with the name of its group: what posters are made for."""
    return rows.query(
        "SELECT b.path, b.name, g.name AS group_name, c.name AS community FROM intake.areas b"
        " JOIN intake.areas g ON g.path = left(b.path, 18) JOIN intake.areas c ON c.path = left(b.path, 14)"
        " WHERE b.tier = 5 AND (b.path = %(area)s OR left(b.path, length(%(area)s) + 1) = %(area)s || '.')"
        " ORDER BY b.path LIMIT 2000",
        {"area": area.path},
    )


def here(rows: Rows, point: Point) -> Area | None:
    """The narrowest area whose centre is within reach of the point."""
    return nearest(rows, point)


def alike(rows: Rows, issue_type: str, words: str, area: Area, point: Point | None) -> list[Json]:
    """Open reports near the place that neighbours told of openly, most alike first."""
    told = ReportSubmitted(
        report_id=new_id(),
        number="",
        source=Source.RESIDENT,
        subject_id=None,
        issue_type=issue_type,
        urgency=Urgency.NORMAL,
        title=title_of(words),
        words=words,
        place=None,
        point=point,
        external_number=None,
    )
    found = duplicates.candidates(rows, told, area)
    ids = [str(one["report_id"]) for one in found]
    shown = rows.query(
        "SELECT report_id::text FROM intake.reports WHERE report_id = ANY (%s::uuid[]) AND told_openly", [ids]
    )
    openly = {row["report_id"] for row in shown}
    return [one for one in found if str(one["report_id"]) in openly][:3]


def title_of(words: str) -> str:
    """The first sentence, or as much of it as a line has room for."""
    first = words.strip().splitlines()[0] if words.strip() else ""
    for mark in "。！？!?；;":
        head, found, _ = first.partition(mark)
        if found and head.strip():
            first = head
            break
    return first.strip()[:40]
