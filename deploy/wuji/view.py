"""`wuji view`: an area and its children, step by step, as the projection has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table
from shared.kernel.area import Area
from shared.kernel.case_states import Step

BAR = 10
"""Characters of the longest bar."""
STEPS = {
    Step.REPORT: "采集",
    Step.DISPATCH: "派遣",
    Step.HANDLE: "处理",
    Step.CHECK: "核查",
    Step.CLOSE: "结案",
    Step.ASSESS: "考评",
}


@click.command(
    cls=rich.RichCommand,
    epilog=examples("wuji view --area 530103", "wuji view --area 530103.004 --days 7", "wuji view --all -o json"),
)
@click.option("--area", help=say("区域路径或代码", "area path or code"))
@click.option("--all", "everywhere", is_flag=True, help=say("全部区县", "every district"))
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help=say("按日统计的天数", "days"))
@output_option()
def view(area: str | None, everywhere: bool, days: int, output: str) -> None:
    """五级视图:一个区域及其下级。An area and each of its children: cases by step, overdue, on time, satisfaction."""
    if bool(area) == everywhere:
        raise click.UsageError(say("请给出 --area 或 --all 之一", "give either --area or --all"))
    found = ask(Access.find(), area, days)
    if output == "json":
        print_json(found)
    elif area:
        show_area(found)
    else:
        show_table(found["areas"])


def ask(access: Access, area: str | None, days: int = 30) -> dict[str, Any]:
    """The view's figures, straight from grid's read tables: it answers while the doors are closed, too."""
    from services.grid.queries import views
    from shared.kernel.clock import utc_now
    from shared.postgres import PostgresRows

    rows = PostgresRows(access.database_url("grid"))
    if area is None:
        return views.all_districts(rows, None, utc_now(), days)
    return views.view(rows, Area.parse(area), utc_now(), days)


def show_area(found: dict[str, Any]) -> None:
    """An area's own line, then its children."""
    own = found["area"]
    show_table(found["children"] or [own], title=f"{own['name']} {own['path']} · {headline(own)}")


def headline(own: dict[str, Any]) -> str:
    """One area in one line."""
    parts = [
        say("案件", "cases") + f" {own['cases']}",
        say("未结", "open") + f" {own['open']}",
        say("超期", "overdue") + f" {own['overdue']}",
        say("按时率", "on time") + f" {percent(own['on_time_share'])}",
        say("自/微/小循环", "loops") + f" {loops(own['solved_share_by_loop'])}",
        say("网格内解决", "in grid") + f" {percent(own['solved_in_grid_share']) or '—'}",
        *counted(own, say("挂账", "suspended"), "suspended"),
        *counted(own, say("问题工单", "problems"), "problems"),
        say("满意率", "satisfied") + f" {percent(own['satisfaction']['satisfied_share'])}",
        say("中位用时", "median") + f" {duration(own['handling']['median_seconds'])}",
    ]
    return "  ".join(parts)


def loops(shares: dict[str, float | None]) -> str:
    """`60%/30%/10%`: what the community, the street and the district have solved themselves."""
    return "/".join(percent(share) or "—" for share in shares.values())


def counted(own: dict[str, Any], what: str, name: str) -> list[str]:
    """One part of the line; nothing for nothing."""
    return [f"{what} {own[name]}"] if own[name] else []


def show_table(rows: Sequence[dict[str, Any]], *, title: str = "") -> None:
    """One line an area, with a bar for each of the six steps."""
    longest = max((n for row in rows for n in row["by_step"].values()), default=0) or 1
    columns = [say("区域", "area"), say("案件", "cases"), say("未结", "open"), say("超期", "overdue"),
               say("按时率", "on time"), say("满意率", "satisfied"), *STEPS.values()]  # fmt: skip
    print_table(
        columns,
        [
            (
                f"{row['name']} {row['path'].rpartition('.')[2]}",
                row["cases"] or "",
                row["open"] or "",
                row["overdue"] or "",
                percent(row["on_time_share"]),
                percent(row["satisfaction"]["satisfied_share"]),
                *(bar(row["by_step"][step.value], longest) for step in STEPS),
            )
            for row in rows
        ],
        title=title,
        right=(1, 2, 3, 4, 5),
    )


def bar(count: int, longest: int) -> str:
    """`███ 12`; nothing for nothing."""
    return f"{'█' * max(1, round(count / longest * BAR))} {count}" if count else ""


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def duration(seconds: int | None) -> str:
    """`3.2 d`, `5.0 h`, `12 min`, `40 s`."""
    if seconds is None:
        return "—"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds} s"
