"""`wuji photos`: what becomes of photos that have to go."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json

if TYPE_CHECKING:
    from services.intake.photos.sweeping import Step, Sweep

DAYS = "30"
QUIET = 2.0
"""Seconds between two lines of progress."""
MEANINGS = {
    "finished": ("已删除文件", "bytes removed"),
    "kept": ("后来被引用，保留", "named after all, kept"),
    "erased": ("随个人信息擦除", "went with an erased person"),
    "unnamed": ("无人引用，下次清扫删除", "never named, removed by the next sweep"),
}


@click.group(cls=rich.RichGroup)
def photos() -> None:
    """照片:清扫。Photos: sweep those that have to go."""


@photos.command(cls=rich.RichCommand, epilog=examples("wuji photos sweep --dry-run", "wuji photos sweep -o json"))
@click.option("--dry-run", is_flag=True, help=say("只列出,不改动", "only say what would be done"))
@output_option()
def sweep(dry_run: bool, output: str) -> None:
    """清扫照片:完成擦除,删除无人引用的。Finish erasures, and take away what nothing ever named.

    The service intake does the same every hour, a part at a time. What was never named for WUJI_PHOTO_UNNAMED_DAYS is
    said to go, and its file goes a sweep later, ten minutes after that at the earliest.
    """
    from shared.kernel.clock import utc_now

    found = list(_watched(_prepared(Access.find(), dry_run).steps(utc_now())))
    counts = Counter(step for step, _ in found)
    if output == "json":
        steps = [{"step": step, "photo": sha256} for step, sha256 in found]
        print_json({"dry_run": dry_run, "counts": dict(counts), "steps": steps})
        return
    for step, (zh, en) in MEANINGS.items():
        if counts[step]:
            print(f"{say(zh, en)}: {counts[step]}")
    if not found:
        print(say("没有要清扫的照片", "nothing to sweep"))
    elif dry_run:
        print(say("以上未执行", "none of this was done"))


def _prepared(access: Access, dry_run: bool) -> Sweep:
    from services.intake.photos.sweeping import Sweep
    from shared.photos import FolderStore
    from shared.postgres.connection import Pool
    from shared.postgres.log import PostgresLog
    from shared.postgres.rows import PostgresRows

    pool = Pool(access.database_url("intake"), application="wuji photos")
    store = FolderStore(Path(access.need("WUJI_PHOTO_DIR")))
    days = int(access.values.get("WUJI_PHOTO_UNNAMED_DAYS", DAYS))
    return Sweep(PostgresLog(pool), PostgresRows(pool), store, days, dry=dry_run, everything=True)


def _watched(steps: Iterable[Step]) -> Iterator[Step]:
    """The same, with a word now and then about how far it is."""
    told = time.monotonic()
    for count, step in enumerate(steps, 1):
        if time.monotonic() - told >= QUIET:
            told = time.monotonic()
            print(say(f"已处理 {count} 张", f"{count} photos so far"), file=sys.stderr)
        yield step
