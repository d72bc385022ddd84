"""`wuji apikey`: the keys of programs that report through Open311."""

from __future__ import annotations

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table

DOORS = "/api/v1/api-keys"


@click.group(cls=rich.RichGroup)
def apikey() -> None:
    """Open311 程序的密钥。Keys of Open311 programs."""


@apikey.command(cls=rich.RichCommand, epilog=examples("wuji apikey create citizen-app"))
@click.argument("name")
@output_option()
def create(name: str, output: str) -> None:
    """签发密钥,只显示这一次。Make a key; it goes to stdout, this once, and only its hash is kept."""
    made = Access.find().post(DOORS, {"name": name}, role="operator")
    if output == "json":
        print_json(made)
    else:
        click.echo(made["key"])


@apikey.command("list", cls=rich.RichCommand, epilog=examples("wuji apikey list"))
@output_option()
def list_(output: str) -> None:
    """哪些程序有密钥。Which programs have one, and which had."""
    found = Access.find().get(DOORS, role="operator")["keys"]
    if output == "json":
        print_json(found)
        return
    rows = [(key["name"], key["created_at"], key["created_by"], key["revoked_at"] or "") for key in found]
    columns = (say("名称", "name"), say("签发", "made"), say("签发人", "by"), say("吊销", "revoked"))
    print_table(columns, rows)


@apikey.command(cls=rich.RichCommand, epilog=examples("wuji apikey revoke citizen-app"))
@click.argument("name")
@output_option()
def revoke(name: str, output: str) -> None:
    """吊销密钥。Revoke a program's key, at once."""
    answer = Access.find().post(f"{DOORS}/{name}/revoke", {}, role="operator")
    if output == "json":
        print_json(answer)
    else:
        click.echo(say(f"已吊销 {name}", f"revoked {name}"))
