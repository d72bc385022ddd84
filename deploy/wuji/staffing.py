"""`wuji staffing`: whether each grid has its people, and who was responsible for a place on a day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table
from shared.kernel.area import Area
from shared.kernel.errors import Invalid

BOUNDS = (("WUJI_GRID_LEAST_HOUSEHOLDS", "200"), ("WUJI_GRID_MOST_HOUSEHOLDS", "300"))
MOST = 50
"""Grids that a table shows; the JSON form shows as many."""


@click.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji staffing",
        "wuji staffing --area 530103.004 --gaps",
        "wuji staffing --area 530103.004.012.003 --on 2026-05-03 --responsible -o json",
    ),
)
@click.option("--area", help=say("区域路径或代码", "area path or code"))
@click.option("--on", "day", help=say("日期,缺省为今天", "the day, today when none is given"), metavar="2026-05-03")
@click.option("--gaps", is_flag=True, help=say("只列缺员的网格", "only grids that lack somebody"))
@click.option("--responsible", is_flag=True, help=say("谁负责该区域", "who was responsible for the area, tier by tier"))
@output_option()
def staffing(area: str | None, day: str | None, gaps: bool, responsible: bool, output: str) -> None:
    """网格人员配备:1+1+1+N、四专员、一格六员、空缺。Whether each grid has the people that it is to have."""
    if responsible and area is None:
        raise click.UsageError(say("--responsible 需要 --area", "--responsible needs --area"))
    found = ask(Access.find(), None if area is None else Area.parse(area), _day(day), gaps, responsible)
    if output == "json":
        print_json(found)
    elif responsible:
        _show_people(found)
    else:
        _show_grids(found)


def ask(access: Access, area: Area | None, day: date | None, gaps: bool, responsible: bool) -> dict[str, Any]:
    """The answer, straight from grid's read tables: it comes while the doors are closed, too."""
    from services.grid.domain.staffing import Households
    from services.grid.domain.time import day_of
    from services.grid.queries import staffing as queries
    from shared.kernel.clock import utc_now
    from shared.postgres import PostgresRows

    rows = PostgresRows(access.database_url("grid"))
    on = day or date.fromisoformat(day_of(utc_now()))
    if responsible and area is not None:
        return queries.responsible(rows, area, on)
    bounds = Households(*(int(access.values.get(name, default)) for name, default in BOUNDS))
    return queries.staffing(rows, area, on, bounds, only_gaps=gaps, after=None, limit=MOST)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  # a day of the calendar has no zone
    except ValueError as error:
        raise Invalid(say(f"{text} 不是日期", f"{text} is no day"), where="--on", hint="2026-05-03") from error


def _show_grids(found: dict[str, Any]) -> None:
    lacking = "  ".join(f"{one['name']} {one['grids']}" for one in found["vacant"] if one["grids"])
    headline = "  ".join(
        (
            say("网格", "grids") + f" {found['grids']}",
            say("1+1+1+N 齐备", "complete") + f" {found['complete']}",
            say("无人网格", "nobody") + f" {found['without_person']}",
            say("空缺", "vacant") + f" {lacking or 0}",
        )
    )
    columns = [say("网格", "grid"), say("户数", "households"), "1+1+1+N", say("四专员", "officers"),
               say("六员", "members"), say("空缺", "vacant")]  # fmt: skip
    print_table(
        columns,
        [
            (
                f"{one['name']} {one['code']}",
                one["households"] if one["size"] == "fits" else f"{one['households']} ({one['size']})",
                "✓" if one["complete"] else "",
                one["officers"],
                one["members"],
                " ".join(one["vacant"]),
            )
            for one in found["by_grid"]
        ],
        title=headline,
        right=(1, 3, 4),
    )


def _show_people(found: dict[str, Any]) -> None:
    columns = [say("层级", "tier"), say("岗位", "post"), say("人员", "person"), say("网格", "grid"), say("自", "since")]
    print_table(
        columns,
        [
            (tier["name"], one["name"], one["person"], one["grid"] or "", one["since"])
            for tier in found["tiers"]
            for one in tier["people"]
        ],
        title=f"{found['area']}  {found['on']}",
    )
