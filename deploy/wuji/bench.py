"""`wuji bench`: measures on servers of its own, each figure side by side with its peer, and prints the table."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import click
import rich_click as rich

from deploy.local.places import PROJECT
from deploy.local.words import say
from deploy.wuji.output import examples
from shared.kernel.errors import NotFound


@click.command(
    cls=rich.RichCommand,
    context_settings={"ignore_unknown_options": True},
    epilog=examples("wuji bench", "wuji bench --help", "make bench"),
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """性能测量。Measure, each figure side by side with its peer; needs the development packages (make bench)."""
    # The measures are no part of what is installed: they run from the checkout.
    if find_spec("eventsourcing") is None or not (PROJECT / "tests" / "benchmarks").is_dir():
        raise NotFound(
            say("缺少测量所需的开发包", "what is measured against is not installed"),
            hint=say("执行 make bench", "run: make bench"),
        )
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks", *arguments], cwd=PROJECT, check=False)
    sys.exit(done.returncode)
