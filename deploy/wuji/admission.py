"""`wuji admission`: what departments may ask of communities, what was blocked, and what each community carries."""

from __future__ import annotations

from typing import Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table

DOORS = "/api/v1/admissions"
STATES = ("draft", "applied", "reviewing", "approved", "rejected", "in_force", "suspended", "revoked", "expired")


@click.group(cls=rich.RichGroup)
def admission() -> None:
    """社区工作准入:事项、拦截、社区负担。Admission of departments' work to communities."""


@admission.command(
    "list",
    cls=rich.RichCommand,
    epilog=examples("wuji admission list", "wuji admission list --state in_force --area 530103.004 -o json"),
)
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help=say("状态", "state"))
@click.option("--department", help=say("部门代码", "department code"))
@click.option("--area", help=say("区域路径", "area path such as 530103.004"))
@output_option()
def list_(states: tuple[str, ...], department: str | None, area: str | None, output: str) -> None:
    """准入事项,新的在前。The register, the newest first."""
    query = {"state": list(states), "department": department, "area": area, "limit": 500}
    found = Access.find().get(DOORS, role="operator", **_given(query))["admissions"]
    if output == "json":
        print_json(found)
        return
    heads = [say("事项", "matter"), say("部门", "department"), say("状态", "state"), say("范围", "where")]
    rows = [
        (one["matter"], one["department"], one["state_zh"], " ".join(one["scope"]), _period(one), one["admission_id"])
        for one in found
    ]
    print_table([*heads, say("期限", "period"), "id"], rows)


@admission.command(cls=rich.RichCommand, epilog=examples("wuji admission show 0193a1b2-…"))
@click.argument("admission_id")
@output_option()
def show(admission_id: str, output: str) -> None:
    """一项准入的全部内容。Everything about one admission."""
    found = Access.find().get(f"{DOORS}/{admission_id}", role="operator")
    if output == "json":
        print_json(found)
        return
    found["forms"] = [f"{one['form']} ({', '.join(one['fields'])})" for one in found["forms"]]
    rows = [(name, _short(value)) for name, value in found.items() if value not in (None, [])]
    print_table(["", ""], rows)


@admission.command(cls=rich.RichCommand, epilog=examples("wuji admission blocked", "wuji admission blocked -o json"))
@click.option("--area", help=say("区域路径", "area path such as 530103.004"))
@output_option()
def blocked(area: str | None, output: str) -> None:
    """因未准入被拦截的下派。What was refused for want of an admission."""
    query = _given({"area": area, "blocked": "true", "limit": 500})
    found = Access.find().get("/api/v1/demands", role="operator", **query)["demands"]
    if output == "json":
        print_json(found)
        return
    heads = [say("时间", "time"), say("部门", "department"), say("种类", "kind"), say("事项", "matter")]
    rows = [(one["made_at"], one["department"], one["kind"], one["matter"], len(one["missing"])) for one in found]
    print_table([*heads, say("未准入社区", "communities")], rows, right=(4,))


@admission.command(
    cls=rich.RichCommand,
    epilog=examples("wuji admission burden --area 530103.004", "wuji admission burden --from 2026-09 --to 2026-11"),
)
@click.option("--area", help=say("区域路径", "area path such as 530103.004"))
@click.option("--from", "from_month", help=say("起始月份", "first month, 2026-05"))
@click.option("--to", "to_month", help=say("截止月份", "last month, 2026-05"))
@output_option()
def burden(area: str | None, from_month: str | None, to_month: str | None, output: str) -> None:
    """社区负担:每月收到的要求、字段、会议。What each community was asked for, month by month."""
    query = _given({"area": area, "from_month": from_month, "to_month": to_month})
    found = Access.find().get("/api/v1/burdens", role="operator", **query)["burdens"]
    if output == "json":
        print_json(found)
        return
    names = ("requests", "fields", "meetings", "answered", "declined", "departments")
    heads = [say("月份", "month"), say("社区", "community"), say("要求", "requests"), say("字段", "fields")]
    more = [say("会议", "meetings"), say("办结", "answered"), say("拒绝", "declined"), say("部门", "departments")]
    rows = [(one["month"], one["name"] or one["community"], *(one[name] for name in names)) for one in found]
    print_table([*heads, *more], rows, right=range(2, 8))


def _given(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value not in (None, [])}


def _period(one: dict[str, Any]) -> str:
    return f"{one['valid_from'][:10]} – {one['valid_until'][:10]}"


def _short(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value
