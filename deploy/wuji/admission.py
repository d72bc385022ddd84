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
    """因未准入或超出减负上限被拦截的下派。What was refused for want of an admission, or beyond a cap."""
    query = _given({"area": area, "blocked": "true", "limit": 500})
    found = Access.find().get("/api/v1/demands", role="operator", **query)["demands"]
    if output == "json":
        print_json(found)
        return
    heads = [say("时间", "time"), say("部门", "department"), say("种类", "kind"), say("事项", "matter")]
    rows = [(one["made_at"], one["department"], one["kind"], one["matter"], one["rule"], _places(one)) for one in found]
    print_table([*heads, say("依据", "rule"), say("社区", "communities")], rows, right=(5,))


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
    names = ("outside", "answered", "declined", "departments")
    heads = [say("月份", "month"), say("社区", "community"), say("要求", "requests"), say("字段", "fields")]
    more = [say("会议", "meetings"), say("体外", "outside"), say("办结", "answered"), say("拒绝", "declined")]
    rows = [
        (
            one["month"],
            one["name"] or one["community"],
            *(_of_cap(one, name) for name in ("requests", "fields", "meetings")),
            *(one[name] for name in names),
        )
        for one in found
    ]
    print_table([*heads, *more, say("部门", "departments")], rows, right=range(2, 9))


@admission.command(
    cls=rich.RichCommand, epilog=examples("wuji admission outside", "wuji admission outside --open -o json")
)
@click.option("--area", help=say("区域路径", "area path such as 530103.004"))
@click.option("--open", "only_open", is_flag=True, help=say("只看待处理", "only what nobody has settled"))
@output_option()
def outside(area: str | None, only_open: bool, output: str) -> None:
    """社区反映的体外下派。What communities told of as asked outside of the platform."""
    query = _given({"area": area, "open": "true" if only_open else None, "limit": 500})
    found = Access.find().get("/api/v1/demands/outside", role="operator", **query)["outside"]
    if output == "json":
        print_json(found)
        return
    heads = [say("日期", "day"), say("社区", "community"), say("提出单位", "who asked"), say("渠道", "way")]
    rows = [
        (
            one["asked_on"],
            one["name"] or one["community"],
            one["asked_by"],
            one["channel"],
            one["outcome"] or "…",
            one["what"],
        )
        for one in found
    ]
    print_table([*heads, say("处理", "settled"), say("要求", "what")], rows)


def _given(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value not in (None, [])}


def _places(one: dict[str, Any]) -> int:
    return len(one["missing"]) + len(one["over"])


def _of_cap(one: dict[str, Any], name: str) -> str:
    most = (one["cap"] or {}).get(name)
    return str(one[name]) if most is None else f"{one[name]}/{most}"


def _period(one: dict[str, Any]) -> str:
    return f"{one['valid_from'][:10]} – {one['valid_until'][:10]}"


def _short(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value
