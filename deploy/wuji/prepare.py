"""`wuji migrate`, `wuji topology`: the shape that the database and the broker must have."""

from __future__ import annotations

from pathlib import Path

import click
import rich_click as rich

from deploy.local import preparation
from deploy.local.places import RunDir
from deploy.local.stack import Stack
from deploy.local.words import say
from deploy.wuji.output import examples, output_option, print_json


@click.command(cls=rich.RichCommand, epilog=examples("wuji migrate", "wuji migrate -o json"))
@output_option()
def migrate(output: str) -> None:
    """把数据库升级到当前结构,可随时重复执行。Bring the database to the current shape; safe to repeat."""
    applied = preparation.migrate(Stack.existing(RunDir.chosen()).backends)
    if output == "json":
        print_json({"applied": applied})
    else:
        click.echo("\n".join(applied) or say("已是最新", "nothing to do"))


@click.command(cls=rich.RichCommand, epilog=examples("wuji topology", "wuji topology --write definitions.json"))
@click.option(
    "--write",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help=say("只写出定义文件,不改动服务器", "only write the definitions file; nothing is changed on the broker"),
)
@output_option()
def topology(path: Path | None, output: str) -> None:
    """建立或修正队列、权限与策略。Declare queues, rights and policies from the code; never removes anything."""
    backends = Stack.existing(RunDir.chosen()).backends
    if path:
        preparation.wanted(backends).write(path)
        changed = []
    else:
        changed = preparation.apply_topology(backends)
    if output == "json":
        print_json({"changed": changed, "written": str(path) if path else None})
    elif path:
        click.echo(say(f"已写入 {path}", f"written: {path}"))
    else:
        click.echo("\n".join(changed) or say("无需变更", "nothing to do"))
