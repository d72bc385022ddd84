"""`wuji sub`: subscriptions of departments."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji import sub_delivery
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table
from shared.kernel.errors import Invalid

DOORS = "/api/v1/subscriptions"
KINDS = ("amqp", "webhook", "pull")


@click.group(cls=rich.RichGroup)
def sub() -> None:
    """部门订阅:订阅、查看、暂停、恢复、删除。Subscriptions of departments."""


for _command in sub_delivery.COMMANDS:
    sub.add_command(_command)


@sub.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji sub create",
        "wuji sub create sanitation-orders --department sanitation --type 'task.*' --handled-by sanitation",
        "wuji sub create wenyi --type case.dispatched --area 530103.004 --start 2026-05-01T00:00:00+08:00 -o json",
    ),
)
@click.argument("name", required=False)
@click.option("--department", help=say("所属部门", "whose subscription it is"))
@click.option("--type", "types", multiple=True, help=say("事件类型或通配", "event type or pattern such as case.*"))
@click.option("--area", "areas", multiple=True, help=say("区域路径", "area path such as 530103.004"))
@click.option("--issue-type", "issue_types", multiple=True, help=say("事项类型", "issue type such as E-01"))
@click.option("--handled-by", "handled_by", multiple=True, help=say("主办或协办部门", "lead or co-handling department"))
@click.option("--delivery", type=click.Choice(KINDS), default=None, help=say("送达方式", "how events arrive: amqp"))
@click.option("--endpoint", help=say("回调地址", "the address that a webhook calls"))
@click.option("--start", default="now", show_default=True, help=say("起点", "now, a position, or a time with zone"))
@click.option("--no-input", is_flag=True, help=say("不询问", "ask nothing, also on a terminal"))
@output_option()
def create(output: str, *, no_input: bool, **given: Any) -> None:
    """订阅;在终端上逐项询问。Subscribe; asks step by step on a terminal when no name is given."""
    access = Access.find()
    if given["name"] is None:
        if no_input or not sys.stdin.isatty():
            raise Invalid(
                say("缺少订阅名", "the subscription needs a name"), where="NAME", hint="wuji sub create --help"
            )
        given = asked(given)
    made = access.post(DOORS, body_of(given), role="operator")
    if output == "json":
        from deploy.wuji.sub_samples import samples

        print_json({**made, "samples": samples(made, access.public_url)})
        return
    show_connection(made, access.public_url)


@sub.command("list", cls=rich.RichCommand, epilog=examples("wuji sub list", "wuji sub list -o json"))
@output_option()
def list_(output: str) -> None:
    """全部订阅与滞后。All subscriptions, and where they stand."""
    found = Access.find().get(DOORS, role="operator")["subscriptions"]
    if output == "json":
        print_json(found)
        return
    columns = [say("订阅", "subscription"), say("部门", "department"), say("方式", "by"), say("状态", "state")]
    numbers = ["lag_events", "lag_seconds", "queue_depth", "unacked", "dropped", "parked"]
    heads = [say("落后", "behind"), "s", say("排队", "waiting"), say("未确认", "unacked"), say("丢弃", "dropped")]
    rows = [
        [one["name"], one["department"], one["delivery"], one["state"], *(_short(one[name]) for name in numbers)]
        for one in found
    ]
    print_table([*columns, *heads, say("搁置", "parked")], rows, right=range(4, 10))


@sub.command(cls=rich.RichCommand, epilog=examples("wuji sub show sanitation-orders"))
@click.argument("name")
@output_option()
def show(name: str, output: str) -> None:
    """一个订阅的定义、位置、队列与最近的错误。One subscription: what it is, and where it stands."""
    _print(Access.find().get(f"{DOORS}/{name}", role="operator"), output)


@sub.command(cls=rich.RichCommand, epilog=examples("wuji sub pause sanitation-orders --reason 升级"))
@click.argument("name")
@click.option("--reason", help=say("原因", "why"))
@output_option()
def pause(name: str, reason: str | None, output: str) -> None:
    """暂停;位置保留。Bring nothing for now; its place is kept."""
    _print(Access.find().post(f"{DOORS}/{name}/pause", {"reason": reason}, role="operator"), output)


@sub.command(cls=rich.RichCommand, epilog=examples("wuji sub resume sanitation-orders"))
@click.argument("name")
@output_option()
def resume(name: str, output: str) -> None:
    """恢复。Go on from where it was."""
    _print(Access.find().post(f"{DOORS}/{name}/resume", {}, role="operator"), output)


@sub.command(cls=rich.RichCommand, epilog=examples("wuji sub move sanitation-orders 1200", "wuji sub move x now"))
@click.argument("name")
@click.argument("start")
@output_option()
def move(name: str, start: str, output: str) -> None:
    """改到另一处继续。Go on from another place: now, a position, or a time with zone."""
    _print(Access.find().post(f"{DOORS}/{name}/position", start_of(start), role="operator"), output)


@sub.command(cls=rich.RichCommand, epilog=examples("wuji sub delete sanitation-orders --yes"))
@click.argument("name")
@click.option("--yes", is_flag=True, help=say("不再确认", "do not ask"))
@output_option()
def delete(name: str, yes: bool, output: str) -> None:
    """删除;队列和账号随之收回。The end of it: queue and account are taken away, the name is not used again."""
    if not yes:
        click.confirm(say(f"删除 {name}?", f"delete {name}?"), abort=True)
    _print(Access.find().delete(f"{DOORS}/{name}", role="operator"), output)


@sub.command(cls=rich.RichCommand, epilog=examples("wuji sub rights sanitation-orders", "wuji sub rights x --rotate"))
@click.argument("name")
@click.option("--rotate", is_flag=True, help=say("换新密码", "make another password; the old one ends"))
@output_option()
def rights(name: str, rotate: bool, output: str) -> None:
    """连接串、只读令牌和账号权限。The connection, a reading token, and what the account may do at the broker."""
    access = Access.find()
    made = access.post(f"{DOORS}/{name}/{'secret' if rotate else 'connection'}", {}, role="operator")
    allowed = permissions(access, made)
    if output == "json":
        print_json({**made, "permissions": allowed})
        return
    show_connection(made, access.public_url)
    click.echo(say("\n账号在消息服务器上的权限:", "\nWhat the account may do at the broker:"))
    for one in allowed:
        click.echo(f"  {one['vhost']}: configure {one['configure']}  write {one['write']}  read {one['read']}")


def permissions(access: Access, made: dict[str, Any]) -> list[dict[str, str]]:
    """The account's rights as the broker has them."""
    if not made["connection"]:
        return []
    return list(access.management.call("GET", "users", made["connection"]["user"], "permissions"))


def asked(given: dict[str, Any]) -> dict[str, Any]:
    """What the wizard found out."""
    from shared.contracts.public import public_types

    types = list(public_types())
    name = click.prompt(say("订阅名(小写字母、数字、连字符)", "name (a-z, 0-9, hyphens)"))
    department = click.prompt(say("部门代码", "department code"), default="", show_default=False) or None
    delivery = click.prompt(say("送达方式", "delivery"), type=click.Choice(KINDS), default="amqp")
    endpoint = click.prompt(say("回调地址", "address to call")) if delivery == "webhook" else None
    click.echo(say("事件类型:", "event types:"))
    for number, one in enumerate(types, 1):
        click.echo(f"  {number:2} {one}")
    chosen = click.prompt(say("编号或通配,逗号分隔;空为全部", "numbers or patterns, by commas; empty: all"), default="")
    areas = click.prompt(say("区域路径,逗号分隔;空为全部", "area paths, by commas; empty: all"), default="")
    issues = click.prompt(say("事项类型,逗号分隔;空为全部", "issue types, by commas; empty: all"), default="")
    handled = click.prompt(say("主办或协办部门;空为全部", "lead or co-handling departments; empty: all"), default="")
    start = click.prompt(say("起点:now、位置或时间", "start: now, a position or a time"), default=given["start"])
    return {
        "name": name,
        "department": department,
        "delivery": delivery,
        "endpoint": endpoint,
        "types": [
            types[int(one) - 1] if one.isdigit() and 0 < int(one) <= len(types) else one for one in split(chosen)
        ],
        "areas": split(areas),
        "issue_types": split(issues),
        "handled_by": split(handled),
        "start": start,
    }


def split(text: str) -> list[str]:
    """The parts between commas, Chinese ones too."""
    return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]


def body_of(given: dict[str, Any]) -> dict[str, Any]:
    """The request's body."""
    return {
        "name": given["name"],
        "department": given["department"],
        "delivery": given["delivery"] or "amqp",
        "endpoint": given["endpoint"],
        "filter": {
            "types": list(given["types"]),
            "areas": list(given["areas"]),
            "issue_types": list(given["issue_types"]),
            "departments": list(given["handled_by"]),
        },
        "start": start_of(given["start"]),
    }


def start_of(text: str) -> dict[str, Any]:
    """`now`, a position, or a time."""
    if text == "now":
        return {}
    return {"position": int(text)} if text.isdigit() else {"time": text}


def show_connection(made: dict[str, Any], public_url: str) -> None:
    """Everything that a department's program needs, ready to copy."""
    from deploy.wuji.sub_samples import samples

    click.echo(f"{say('订阅', 'subscription')} {made['name']} ({made['delivery']}), {made['state']}")
    if made["connection"]:
        click.echo(f"{say('连接串', 'connection')}  {made['connection']['url']}")
        click.echo(f"{say('队列', 'queue')}  {made['connection']['queue']}")
    click.echo(f"{say('路由键', 'routing keys')}  {'  '.join(made['routing_keys'])}")
    _filter_line(say("事项类型", "issue types"), made["filter"]["issue_types"])
    _filter_line(say("主办或协办", "handled by"), made["filter"]["departments"])
    click.echo(f"{say('只读令牌', 'reading token')}  {made['token']}")
    for language, text in samples(made, public_url).items():
        click.echo(f"\n--- {language}\n{text}")


def _filter_line(title: str, found: Sequence[str]) -> None:
    if found:
        click.echo(f"{title}  {' '.join(found)}")


def _print(found: dict[str, Any], output: str) -> None:
    if output == "json":
        print_json(found)
        return
    wanted = found.pop("filter")
    rows = [(name, _short(value)) for name, value in {**found, **wanted}.items() if value not in (None, [])]
    print_table(["", ""], rows)


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.1f}"
    return " ".join(map(str, value)) if isinstance(value, list) else value
