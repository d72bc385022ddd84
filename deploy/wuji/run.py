"""`wuji run`, `relay`, `projector`, `courier`, `timer`: one process in the foreground, as a supervisor wants it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.output import examples
from deploy.wuji.process import SERVICES

env_file = click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=say("环境变量文件", "file with the process's variables; it wins over the environment"),
)


def become(name: str, file: Path | None) -> None:
    """Replace this program by the process: nothing of the command line stays in its memory."""
    command = [sys.executable, "-m", "deploy.wuji.process", name]
    os.execv(sys.executable, [*command, *(["--env-file", str(file.resolve())] if file else [])])


@click.command(cls=rich.RichCommand, epilog=examples("wuji run intake --env-file .run/env/intake.env"))
@click.argument("service", type=click.Choice(SERVICES))
@env_file
def run(service: str, env_file: Path | None) -> None:
    """在前台运行一个服务。Run one service in the foreground; SIGTERM lets it finish what it has begun."""
    become(service, env_file)


@click.command(cls=rich.RichCommand, epilog=examples("wuji relay --env-file .run/env/relay.env"))
@env_file
def relay(env_file: Path | None) -> None:
    """在前台运行转发进程。Run the relay in the foreground: one leads, others stand by."""
    become("relay", env_file)


@click.command(cls=rich.RichCommand, epilog=examples("wuji projector --env-file .run/env/projector.env"))
@env_file
def projector(env_file: Path | None) -> None:
    """在前台运行投影进程。Run the projector in the foreground."""
    become("projector", env_file)


@click.command(cls=rich.RichCommand, epilog=examples("wuji courier --env-file .run/env/courier.env"))
@env_file
def courier(env_file: Path | None) -> None:
    """在前台运行投递进程。Run the courier in the foreground: it brings events to departments; one leads."""
    become("courier", env_file)


@click.command(cls=rich.RichCommand, epilog=examples("wuji timer --env-file .run/env/timer.env"))
@env_file
def timer(env_file: Path | None) -> None:
    """在前台运行计时进程。Run the timer in the foreground: it says what has fallen due; any number may run."""
    become("timer", env_file)
