"""`wuji account`: who may sign in at the pages, as what, and where."""

from __future__ import annotations

from typing import Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table
from deploy.wuji.token import ROLES

DOORS = "/api/v1/accounts"


@click.group(cls=rich.RichGroup)
def account() -> None:
    """登录账号。Accounts that sign in at the pages."""


_role = click.option("--role", type=click.Choice(ROLES), required=True, help=say("角色", "role"))
_area = click.option(
    "--area", help=say("区域路径,缺省为全区", "area path such as 530103.004; everywhere when left out")
)
_department = click.option("--department", help=say("部门代码", "department code, for the role department"))


@account.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji account create p0317 --role dispatcher --area 530103",
        "wuji account create urban.07 --role department --department urban --area 530103 --name 小赵",
    ),
)
@click.argument("name")
@_role
@_area
@_department
@click.option("--name", "called", help=say("称呼,只在页面上显示", "what colleagues call them; only pages show it"))
@output_option()
def create(name: str, role: str, area: str | None, department: str | None, called: str | None, output: str) -> None:
    """开通账号,一次性密码只显示这一次。Open an account; its one-time password goes to stdout, this once."""
    body = {"account": name, "role": role, "area": area, "department": department, "name": called}
    _show_password(Access.find().post(DOORS, body, role="operator"), output)


@account.command("list", cls=rich.RichCommand, epilog=examples("wuji account list", "wuji account list -o json"))
@output_option()
def list_(output: str) -> None:
    """全部账号。Every account, and when somebody last signed in."""
    found = Access.find().get(DOORS, role="operator")["accounts"]
    if output == "json":
        print_json(found)
        return
    post = (say("账号", "account"), say("角色", "role"), say("区域", "area"), say("部门", "department"))
    print_table((*post, say("状态", "state"), say("最近登录", "last log-in")), [_row(one) for one in found])


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    state = say("可用", "ready") if one["enabled"] else say("停用", "disabled")
    if one["must_change"] and one["enabled"]:
        state = say("待改密码", "to set a password")
    return (
        one["account"],
        one["role"],
        one["area"] or "-",
        one["department"] or "-",
        state,
        (one["signed_in_at"] or "-")[:19],
    )


@account.command(cls=rich.RichCommand, epilog=examples("wuji account assign p0317 --role duty_chief --area 530103"))
@click.argument("name")
@_role
@_area
@_department
@output_option()
def assign(name: str, role: str, area: str | None, department: str | None, output: str) -> None:
    """改变角色、区域、部门。Give an account another role, area or department."""
    body = {"role": role, "area": area, "department": department}
    _say(Access.find().post(f"{DOORS}/{name}/assign", body, role="operator"), output, say("已更改", "changed"), name)


@account.command(cls=rich.RichCommand, epilog=examples("wuji account disable p0317 --reason '调离 moved away'"))
@click.argument("name")
@click.option("--reason", required=True, help=say("原因,记入事件", "why; it is recorded"))
@output_option()
def disable(name: str, reason: str, output: str) -> None:
    """停用账号,已登录的浏览器同时退出。Disable an account, and sign out its browsers."""
    answer = Access.find().post(f"{DOORS}/{name}/disable", {"reason": reason}, role="operator")
    _say(answer, output, say("已停用", "disabled"), name)


@account.command(cls=rich.RichCommand, epilog=examples("wuji account enable p0317"))
@click.argument("name")
@output_option()
def enable(name: str, output: str) -> None:
    """重新启用。Let a disabled account sign in again."""
    _say(Access.find().post(f"{DOORS}/{name}/enable", {}, role="operator"), output, say("已启用", "enabled"), name)


@account.command(cls=rich.RichCommand, epilog=examples("wuji account password p0317"))
@click.argument("name")
@output_option()
def password(name: str, output: str) -> None:
    """重置为一次性密码,只显示这一次。Set another one-time password; it goes to stdout, this once."""
    _show_password(Access.find().post(f"{DOORS}/{name}/password", {}, role="operator"), output)


@account.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji account contact p0317 --mail p0317@example.gov.cn",
        "wuji account contact p0317 --phone 13800000000",
        "wuji account contact p0317",
    ),
)
@click.argument("name")
@click.option("--phone", help=say("手机或座机", "a phone number"))
@click.option("--mail", help=say("邮箱", "a mailbox"))
@output_option()
def contact(name: str, phone: str | None, mail: str | None, output: str) -> None:
    """设置通知送达方式,加密保存;都不给即清除。Where letters reach them, kept sealed; with neither it is forgotten."""
    answer = Access.find().put(f"{DOORS}/{name}/contact", {"phone": phone, "mail": mail}, role="operator")
    _say(answer, output, say("已更改", "changed"), name)


def _show_password(answer: dict[str, Any], output: str) -> None:
    if output == "json":
        print_json(answer)
        return
    click.echo(answer["password"])
    click.echo(say("首次登录须改密码", "it is to be changed at the first log-in"), err=True)


def _say(answer: dict[str, Any], output: str, done: str, name: str) -> None:
    if output == "json":
        print_json(answer)
    else:
        click.echo(f"{done} {name}")
