"""`wuji log verify`: is the log still what was written?"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.ending import Exit
from deploy.wuji.output import examples, output_option, print_json

QUIET = 2.0


@click.group(cls=rich.RichGroup)
def log() -> None:
    """事件日志。The log of events."""


@log.command(cls=rich.RichCommand, epilog=examples("wuji log verify", "wuji log verify case-0193… -o json"))
@click.argument("streams", nargs=-1)
@output_option()
def verify(streams: tuple[str, ...], output: str) -> None:
    """校验哈希链、版本与位置。Verify hash chains, versions and positions. Exit code 1 when anything was changed."""
    from shared.postgres.connection import connect
    from shared.postgres.verify import verify as run

    connection = connect(Access.find().database_url(), application="wuji log verify")
    try:
        found = run(connection, streams or None, teller())
    finally:
        connection.close()
    if output == "json":
        print_json({"whole": found.is_whole, **asdict(found)})
    else:
        counts = f"{found.streams} streams, {found.events} events, {found.positions} positions"
        mark = "●" if found.is_whole else "▲"
        verdict = say("完好", "whole") if found.is_whole else say("已被改动", "changed since it was written")
        click.echo(f"{mark} {verdict}: {counts}")
        for finding in found.findings:
            click.echo(f"    {finding}")
    if not found.is_whole:
        sys.exit(Exit.FAILURE)


def teller() -> Callable[[int, int], None]:
    """Says on stderr, every two seconds, how far it is."""
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= QUIET:
            last = time.monotonic()
            print(f"  … {done:,}/{total:,}", file=sys.stderr, flush=True)

    return tell
