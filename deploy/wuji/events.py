"""`wuji events`: look at the stream of events as the log has it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji import stored
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_json_line, print_table
from shared.kernel.clock import utc_now
from shared.kernel.errors import NotFound

STRETCH = 5_000
"""Positions looked through at once."""
PAUSE = 0.5
"""Seconds between two looks when following."""


@click.group(cls=rich.RichGroup)
def events() -> None:
    """查看事件流。Look at the stream of events."""


@events.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji events tail --follow --type 'case.*' --area 530103.004",
        "wuji events tail --from -1h -o jsonl | jq -r .type | sort | uniq -c",
        "wuji events tail --from 1 -n 100",
    ),
)
@click.option("-n", "count", type=click.IntRange(1), help=say("最多几条", "at most so many"))
@click.option("-f", "--follow", is_flag=True, help=say("持续显示新事件", "go on with new events"))
@click.option("--from", "start", help=say("起点:位置、-1h 或日期", "position, -1h, or a date"))
@click.option("--type", "kind", help=say("事件类型,可用 *", "event type, * allowed"))
@click.option("--area", help=say("区域路径及其下级", "area path, with everything below"))
@output_option("jsonl")
def tail(count: int | None, follow: bool, start: str | None, kind: str | None, area: str | None, output: str) -> None:
    """显示最近的事件,或从某处开始。Show the newest events, or those from a place on."""
    access, wanted = Access.find(), stored.Wanted(kind, area)
    with access.database() as cursor:
        cursor.connection.autocommit = True
        if start is None:
            rows = stored.last(cursor, count or 20, wanted)
            position = stored.head(cursor)
        else:
            rows, position = from_place(cursor, stored.starting_position(cursor, start), wanted, count)
        show(rows, output)
        if follow:
            follow_on(cursor, position, wanted, "jsonl" if output == "json" else output)


def from_place(cursor: Any, position: int, wanted: stored.Wanted, count: int | None) -> tuple[list[stored.Row], int]:
    """The events behind a position, at most `count`, and the position reached."""
    rows: list[stored.Row] = []
    while True:
        found, reached = stored.after(cursor, position, wanted, STRETCH)
        rows += found
        if reached == position or (count and len(rows) >= count):
            return rows[:count] if count else rows, reached
        position = reached


def follow_on(cursor: Any, position: int, wanted: stored.Wanted, output: str) -> None:
    """Show what comes, until interrupted."""
    print(say(f"—— 已到最新 {position} ——", f"—— caught up at {position} ——"), file=sys.stderr)
    while True:
        rows, reached = stored.after(cursor, position, wanted, STRETCH)
        show(rows, output)
        if reached == position:
            time.sleep(PAUSE)
        position = reached


def show(rows: Iterable[stored.Row], output: str) -> None:
    if output == "json":
        print_json(list(rows))
        return
    for row in rows:
        if output == "jsonl":
            print_json_line(row)
        else:
            click.echo(line(row))


def line(row: stored.Row) -> str:
    """One event on one line."""
    when = row["recorded_at"].astimezone().strftime("%m-%d %H:%M:%S")
    position = row["position"] if row["position"] is not None else "—"
    history = say("历史", "history") if row["origin"] == "import" else ""
    name = stored.title(row["type"])
    return f"{position:>8}  {when}  {name:<34}  {row['area']:<26}  {row['stream']}  {history}".rstrip()


@events.command(
    "show", cls=rich.RichCommand, epilog=examples("wuji events show 0193…", "wuji events show 184203 -o json")
)
@click.argument("which")
@output_option()
def show_one(which: str, output: str) -> None:
    """显示一个事件:编号或位置。Show one event, by id or position."""
    with Access.find().database() as cursor:
        row = find(cursor, which)
    if output == "json":
        print_json(row)
        return
    for name, value in row.items():
        click.echo(f"{name:>15}  {value}")


def find(cursor: Any, which: str) -> stored.Row:
    """The event. Raises NotFound."""
    from uuid import UUID

    row: stored.Row | None
    if which.isdigit():
        row = next(iter(stored.after(cursor, int(which) - 1, stored.Wanted(), 1)[0]), None)
    else:
        try:
            row = stored.by_id(cursor, UUID(which))
        except ValueError:
            row = None
    if row is None:
        raise NotFound(say(f"没有事件 {which}", f"there is no event {which}"), where=which)
    return row


@events.command(
    cls=rich.RichCommand,
    epilog=examples("wuji events catalogue", "wuji events catalogue --write public-events && ls public-events/docs"),
)
@click.option(
    "--write",
    type=click.Path(path_type=Path, file_okay=False),
    help=say("写入目录:页面与文件", "write pages and files"),
)
@output_option()
def catalogue(write: Path | None, output: str) -> None:
    """对各单位开放的事件。The events that departments may receive, with schemas; as a website with --write."""
    from shared.catalogue import site
    from shared.catalogue.entries import entries

    found = entries().values()
    if write is not None:
        count = site.write(write, utc_now().date())
        place = write / "docs" / "index.html"
        print(say(f"写入 {count} 个文件,从 {place} 看起", f"{count} files written; begin at {place}"), file=sys.stderr)
    if output == "json":
        print_json([entry.as_json() for entry in found])
    elif write is None:
        rows = [(entry.name, entry.newest.label, entry.zh, entry.service, entry.summary) for entry in found]
        print_table(
            (say("类型", "type"), "", say("名称", "name"), say("服务", "service"), say("含义", "meaning")), rows
        )
