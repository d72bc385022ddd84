"""`wuji figures`: the indicators of a window, by street, department, grid or any other grouping; and what is behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table

GROUPINGS = ("nothing", "street", "community", "group", "building", "grid", "department", "issue_type", "source")
"""Those of services.survey.queries.figures, repeated here so that help needs no import of the services."""
SHOWN = ("filed", "handled_on_time", "overdue", "rework", "closed", "closed_on_time", "solved", "satisfied")
"""The columns of the table; `-o json` has all."""


@click.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji figures --area 530103",
        "wuji figures --area 530103 --by department --first-day 2026-10-01 --last-day 2026-10-31",
        "wuji figures --behind closed_late --by street --key 530103.004 -o json",
    ),
)
@click.option("--area", help=say("区域路径或代码", "area path or code"))
@click.option("--by", type=click.Choice(GROUPINGS), default="street", show_default=True, help=say("分组", "grouping"))
@click.option("--first-day", type=click.DateTime(["%Y-%m-%d"]), help=say("第一天,默认三十天前", "default: 30 days ago"))
@click.option("--last-day", type=click.DateTime(["%Y-%m-%d"]), help=say("最后一天,默认昨天", "default: yesterday"))
@click.option("--position", type=click.IntRange(0), help=say("截至日志的此位置", "as of this place in the log"))
@click.option("--behind", metavar="INDICATOR", help=say("列出这一指标的案件", "list the cases behind this indicator"))
@click.option("--key", help=say("与 --behind 同用:只看这一组", "with --behind: only this group"))
@output_option()
def figures(  # one parameter for each option
    area: str | None,
    by: str,
    first_day: datetime | None,
    last_day: datetime | None,
    position: int | None,
    behind: str | None,
    key: str | None,
    output: str,
) -> None:
    """考核指标:任一期间、区域与分组。Indicators of any window, as of now or of an earlier place in the log."""
    asked = {
        "area": area,
        "by": by,
        "first_day": first_day and first_day.date().isoformat(),
        "last_day": last_day and last_day.date().isoformat(),
        "position": position,
    }
    access = Access.find()
    if behind is not None:
        found = access.get(
            "/api/v1/figures/cases", role="operator", **_given({**asked, "indicator": behind, "key": key})
        )
        print_json(found) if output == "json" else _show_cases(found)
        return
    found = access.get("/api/v1/figures", role="operator", **_given(asked))
    print_json(found) if output == "json" else _show(found)


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}


def _show(found: dict[str, Any]) -> None:
    names = {each["indicator"]: each for group in found["groups"] for each in group["figures"]}
    columns = [say("组", "group"), *(code for code in SHOWN if code in names or not names)]
    lines = [(group["name"] or group["key"] or say("合计", "all"), *_cells(group)) for group in found["groups"]]
    title = f"{found['since'][:10]} … {found['until'][:10]} · position {found['position']}"
    print_table(columns, lines, title=title, right=tuple(range(1, len(columns))))


def _cells(group: dict[str, Any]) -> list[str]:
    told = {each["indicator"]: each for each in group["figures"]}
    return [_cell(told[code]) for code in SHOWN if code in told]


def _cell(figure: dict[str, Any]) -> str:
    if figure["denominator"] is None:
        return str(figure["numerator"] or "")
    if not figure["denominator"]:
        return ""
    return f"{figure['ratio']:.1%} ({figure['numerator']}/{figure['denominator']})"


def _show_cases(found: dict[str, Any]) -> None:
    columns = [
        say("编号", "number"),
        say("区域", "area"),
        say("单位", "department"),
        say("到期", "due"),
        say("办毕", "done"),
    ]
    lines = [
        (
            case["number"] or case["case_id"],
            case["area"],
            case["department"] or "",
            case["due_at"] or "",
            case["done_at"] or "",
        )
        for case in found["cases"]
    ]
    print_table(columns, lines)
