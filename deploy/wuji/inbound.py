"""`wuji inbound`: other systems that report through signed messages."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table
from shared.kernel.errors import Invalid

DOORS = "/api/v1/inbound"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(cls=rich.RichGroup)
def inbound() -> None:
    """外部系统来件。Other systems that send reports."""


@inbound.command(cls=rich.RichCommand, epilog=examples("wuji inbound create deploy/reference/inbound/hotline.toml"))
@click.argument("mapping", type=_FILE)
@output_option()
def create(mapping: Path, output: str) -> None:
    """登记系统,密钥只显示这一次。Register a system by its mapping; its secret goes to stdout, this once."""
    made = Access.find().post(DOORS, {"mapping": _read(mapping)}, role="operator")
    if output == "json":
        print_json(made)
    else:
        click.echo(made["secret"])
        click.echo(say(f"地址 {made['address']}", f"it sends to {made['address']}"), err=True)


@inbound.command(cls=rich.RichCommand, epilog=examples("wuji inbound change hotline.toml"))
@click.argument("mapping", type=_FILE)
@output_option()
def change(mapping: Path, output: str) -> None:
    """更换映射,密钥不变。Give a registered system another mapping; its secret stays."""
    answer = Access.find().put(DOORS, {"mapping": _read(mapping)}, role="operator")
    if output == "json":
        print_json(answer)
    else:
        click.echo(say(f"已更换 {answer['name']} 的映射", f"changed the mapping of {answer['name']}"))


@inbound.command("list", cls=rich.RichCommand, epilog=examples("wuji inbound list"))
@output_option()
def list_(output: str) -> None:
    """已登记的系统。Which systems may send, and which no longer may."""
    found = Access.find().get(DOORS, role="operator")["systems"]
    if output == "json":
        print_json(found)
        return
    rows = [(one["name"], one["title"], one["source"], one["created_at"], one["revoked_at"] or "") for one in found]
    columns = (say("系统", "system"), "", say("来源", "source"), say("登记", "made"), say("吊销", "revoked"))
    print_table(columns, rows)


@inbound.command(cls=rich.RichCommand, epilog=examples("wuji inbound revoke hotline-12345"))
@click.argument("name")
@output_option()
def revoke(name: str, output: str) -> None:
    """不再接收该系统。Take nothing from the system any more; create gives it a new secret."""
    answer = Access.find().post(f"{DOORS}/{name}/revoke", {}, role="operator")
    if output == "json":
        print_json(answer)
    else:
        click.echo(say(f"已吊销 {name}", f"revoked {name}"))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} is no TOML: {error}", where=str(path)) from error
