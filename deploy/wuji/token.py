"""`wuji token`: a bearer token for a member of staff, signed with the local key."""

from __future__ import annotations

from datetime import timedelta

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json

ROLES = (
    "acceptor",
    "grid_worker",
    "supervisor",
    "dispatcher",
    "department",
    "duty_chief",
    "leader",
    "volunteer",
    "reader",
    "operator",
    "hotline",
    "window",
)
"""The roles of shared.security.permission, repeated here so that help needs no import of cryptography."""


@click.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji token --role dispatcher --area 530103",
        "wuji token --role department --department urban --subject wang.wu --hours 1",
        'curl -H "Authorization: Bearer $(wuji token --role reader)" http://127.0.0.1:…/api/v1/cases',
    ),
)
@click.option("--role", type=click.Choice(ROLES), required=True, help=say("角色", "role"))
@click.option("--area", help=say("区域路径,缺省为全区", "area path such as 530103.004; everywhere when left out"))
@click.option("--department", help=say("部门代码", "department code, for the role department"))
@click.option("--subject", default="operator", show_default=True, help=say("账号", "account name"))
@click.option(
    "--hours",
    type=click.FloatRange(0.01, 24 * 31),
    default=12,
    show_default=True,
    help=say("有效小时数", "valid for so many hours"),
)
@output_option()
def token(role: str, area: str | None, department: str | None, subject: str, hours: float, output: str) -> None:
    """签发工作人员令牌。Make a bearer token for a member of staff; it goes to stdout."""
    from shared.kernel.area import Area
    from shared.security import tokens

    ttl = timedelta(hours=hours)
    made = tokens.sign(
        Access.find().need("WUJI_TOKEN_KEY"),
        subject=subject,
        role=role,
        area=Area.parse(area) if area else None,
        department=department,
        ttl=ttl,
    )
    if output == "json":
        print_json(
            {"token": made, "role": role, "area": area, "department": department, "seconds": ttl.total_seconds()}
        )
    else:
        click.echo(made)
