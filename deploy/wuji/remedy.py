"""`wuji remedy`: what is put right for good, hidden dangers and root causes."""

from __future__ import annotations

from typing import Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table

DOORS = "/api/v1/remedies"
KINDS = {"hidden_danger": say("隐患", "hidden danger"), "root_cause": say("源头治理", "root cause")}
SEVERITIES = {"general": say("一般", "general"), "major": say("重大", "major")}


@click.group(cls=rich.RichGroup)
def remedy() -> None:
    """整治台账:隐患、源头治理。Hidden dangers and root causes, until they are put right."""


@remedy.command(
    "list",
    cls=rich.RichCommand,
    epilog=examples("wuji remedy list", "wuji remedy list --kind hidden_danger --overdue -o json"),
)
@click.option("--kind", type=click.Choice(list(KINDS)), help=say("种类", "kind"))
@click.option("--severity", type=click.Choice(list(SEVERITIES)), help=say("等级", "severity"))
@click.option("--area", help=say("区域路径", "area path such as 530103.004"))
@click.option("--overdue", is_flag=True, help=say("只看整改超期", "only those that are overdue"))
@click.option("--all", "everything", is_flag=True, help=say("连同已销号的", "also those that were struck off"))
@output_option()
def list_(
    kind: str | None, severity: str | None, area: str | None, overdue: bool, everything: bool, output: str
) -> None:
    """整治事项,新的在前。The register, the newest first."""
    asked = {"kind": kind, "severity": severity, "area": area, "limit": 500}
    asked |= {"overdue": "true" if overdue else None, "open": None if everything else "true"}
    given = {name: value for name, value in asked.items() if value is not None}
    found = Access.find().get(DOORS, role="operator", **given)["remedies"]
    if output == "json":
        print_json(found)
        return
    heads = [say("事项", "remedy"), say("种类", "kind"), say("等级", "severity"), say("状态", "state")]
    more = [say("责任单位", "department"), say("期限", "due"), say("复发", "back"), "id"]
    print_table([*heads, *more], [_row(one) for one in found])


def _row(one: dict[str, Any]) -> tuple[Any, ...]:
    state = f"{one['state_zh']} !" if one["is_overdue"] else one["state_zh"]
    due = (one["due_at"] or "—")[:10]
    about = (one["title"], KINDS[one["kind"]], SEVERITIES[one["severity"]], state)
    return (*about, one["department"] or "—", due, one["relapses"], one["remedy_id"])


@remedy.command(
    cls=rich.RichCommand, epilog=examples("wuji remedy show 0193a1b2-…", "wuji remedy show 0193a1b2-… -o json")
)
@click.argument("remedy_id")
@output_option()
def show(remedy_id: str, output: str) -> None:
    """一个整治事项的经过。One remedy and its life."""
    found = Access.find().get(f"{DOORS}/{remedy_id}", role="operator")
    if output == "json":
        print_json(found)
        return
    click.echo(f"{found['title']} · {KINDS[found['kind']]} · {found['state_zh']}")
    click.echo(found["words"])
    rows = [(step["at"][:16], step["event"], f"{step['role']} {step['by']}", _words(step)) for step in found["life"]]
    print_table([say("时间", "time"), say("事件", "event"), say("谁", "who"), say("说明", "words")], rows)


def _words(step: dict[str, Any]) -> str:
    said = step["said"]
    return next((str(said[name]) for name in ("measures", "findings", "reason", "words") if said.get(name)), "")
