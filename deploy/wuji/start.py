"""`wuji up`, `wuji down`, `wuji reset`: the private stack of this machine."""

from __future__ import annotations

import click
import rich_click as rich

from deploy.local.backends import named
from deploy.local.places import RunDir
from deploy.local.progress import Progress
from deploy.local.stack import Stack
from deploy.local.words import say
from deploy.wuji.output import examples, output_option, print_json
from deploy.wuji.urls import urls

EXAMPLES_UP = examples(
    "wuji up", "DATABASE_URL=postgresql://… AMQP_URL=amqp://… wuji up", "WUJI_RUN_DIR=/srv/wuji wuji up"
)


@click.command(cls=rich.RichCommand, epilog=EXAMPLES_UP)
@output_option()
def up(output: str) -> None:
    """启动本机的整套服务,已在运行的不动。Start what does not run: servers, schema, queues, services.

    With DATABASE_URL and AMQP_URL set (an administrator's), those servers are used and only the rest is started.
    Other settings are taken from the environment, or for every start from settings.env in the run directory.
    """
    with Progress() as progress:
        stack = Stack.prepare(RunDir.chosen(), progress)
        stack.up(progress)
    if output == "json":
        print_json({"urls": urls(stack)})
    else:
        click.echo(say(f"就绪:{stack.url}", f"ready: {stack.url}"))


@click.command(cls=rich.RichCommand, epilog=examples("wuji down"))
@output_option()
def down(output: str) -> None:
    """停止从这里启动的进程,不碰别的。Stop what was started from this run directory, and nothing else."""
    stopped = stop(RunDir.chosen())
    if output == "json":
        print_json({"stopped": stopped})
    elif not stopped:
        click.echo(say("没有在运行的", "nothing was running"))


@click.command(cls=rich.RichCommand, epilog=examples("wuji reset --yes"))
@click.option("--yes", is_flag=True, help=say("不再询问", "do not ask"))
@output_option()
def reset(yes: bool, output: str) -> None:
    """停止,并删除运行目录中的全部数据。Stop, and delete the run directory with all its data."""
    run = RunDir.chosen()
    if run.root.exists() and not yes:
        click.confirm(say(f"删除 {run.root} 的全部数据?", f"Delete all data in {run.root}?"), abort=True, err=True)
    stopped = stop(run)
    existed = run.root.exists()
    remove(run)
    if output == "json":
        print_json({"stopped": stopped, "removed": str(run.root) if existed else None})
    elif existed:
        click.echo(say(f"已删除 {run.root}", f"deleted {run.root}"))


def remove(run: RunDir) -> None:
    """Delete the run directory. With servers of somebody else its keys stay: they open what is sealed over there."""
    keys = run.root / "credentials.json"
    kept = keys.read_text() if named() and keys.exists() else None
    run.remove()
    if kept is not None:
        run.root.mkdir(parents=True)
        keys.touch(mode=0o600)
        keys.write_text(kept)
        click.echo(say(f"保留密钥 {keys}", f"kept the keys: {keys}"), err=True)


def stop(run: RunDir) -> list[str]:
    """Stop what runs from this run directory; the names of what ran."""
    if not (run.root / "ports.json").exists():
        return []
    with Progress() as progress:
        return Stack.existing(run).down(progress)
