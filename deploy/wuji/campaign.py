"""`wuji campaign`: efforts with a beginning and an end, and what lasted of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table
from shared.pages.formats import local

DOORS = "/api/v1/campaigns"
STATES = ("planned", "running", "over", "ended")
WINDOWS = {"before": say("之前", "before"), "during": say("期间", "during"), "after": say("之后", "after")}


@click.group(cls=rich.RichGroup)
def campaign() -> None:
    """专项行动及其长效。Campaigns, and what lasted of them."""


@campaign.command(
    "list", cls=rich.RichCommand, epilog=examples("wuji campaign list", "wuji campaign list --state running -o json")
)
@click.option("--state", type=click.Choice(STATES), help=say("状态", "state"))
@click.option("--area", help=say("区域路径", "area path such as 530103.004"))
@output_option()
def list_(state: str | None, area: str | None, output: str) -> None:
    """专项行动,新的在前。The register, the newest first."""
    asked = {"state": state, "area": area, "limit": 500}
    given = {name: value for name, value in asked.items() if value is not None}
    found = Access.find().get(DOORS, role="operator", **given)["campaigns"]
    if output == "json":
        print_json(found)
        return
    heads = [
        say("名称", "title"),
        say("状态", "state"),
        say("区域", "area"),
        say("类别", "kinds"),
        say("期限", "period"),
    ]
    rows = [
        (one["title"], one["state_zh"], one["area"], " ".join(one["issue_types"]), _period(one), one["campaign_id"])
        for one in found
    ]
    print_table([*heads, "id"], rows)


@campaign.command(
    cls=rich.RichCommand, epilog=examples("wuji campaign show 0193a1b2-…", "wuji campaign show 0193a1b2-… --days 90")
)
@click.argument("campaign_id")
@click.option("--days", default=30, show_default=True, help=say("前后各看多少天", "days before and after"))
@output_option()
def show(campaign_id: str, days: int, output: str) -> None:
    """一次专项行动的成效。What one campaign reached, and what came back before and after."""
    found = Access.find().get(f"{DOORS}/{campaign_id}", role="operator", days=days)
    if output == "json":
        print_json(found)
        return
    figures = found["figures"]
    click.echo(f"{found['title']} · {found['state_zh']} · {_period(found)}")
    cases = figures["cases"]
    click.echo(say(f"上报 {cases['reported']} 办结 {cases['closed']}", f"{cases['overdue']} overdue"))
    rows = [
        (WINDOWS[name], one["recurred"], one["reported"], "—" if one["rate"] is None else f"{one['rate'] * 100:.1f}%")
        for name, one in figures["recurrence"].items()
    ]
    heads = ["", say("复发", "came back"), say("上报", "reported"), say("复发率", "rate")]
    print_table(heads, rows, right=(1, 2, 3))


def _period(one: dict[str, Any]) -> str:
    since, until = (datetime.fromisoformat(one[name]) for name in ("since", "until"))
    return f"{local(since):%Y-%m-%d} – {local(until - timedelta(seconds=1)):%Y-%m-%d}"
