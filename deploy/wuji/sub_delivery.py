"""`wuji sub rotate|deliveries|redeliver|replay|parked`: what was brought to subscribers, and bringing it once more."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_json_line, print_table

DOORS = "/api/v1/subscriptions"
_POLL = 0.5
_EVERY = 10.0


@click.command(cls=rich.RichCommand, epilog=examples("wuji sub rotate sanitation-orders"))
@click.argument("name")
@output_option()
def rotate(name: str, output: str) -> None:
    """更换密钥;回调的旧签名密钥仍并行一天。Another secret; a webhook's old one signs beside the new one for a day."""
    made = Access.find().post(_path(name, "secret"), {}, role="operator")
    if output == "json":
        print_json(made)
    elif made["signing_secret"] is not None:
        click.echo(made["signing_secret"])
    elif made["connection"] is not None:
        click.echo(made["connection"]["url"])
    else:
        click.echo(made["token"])


@click.command(cls=rich.RichCommand, epilog=examples("wuji sub deliveries hook", "wuji sub deliveries hook --failed"))
@click.argument("name")
@click.option("--failed", is_flag=True, help=say("只看失败", "only what failed"))
@click.option("--limit", type=click.IntRange(1, 500), default=30, show_default=True)
@output_option("jsonl")
def deliveries(name: str, failed: bool, limit: int, output: str) -> None:
    """回调的投递记录,最新在前。What was sent to a webhook and what it said, the newest first."""
    found = Access.find().get(_path(name, "deliveries"), role="operator", limit=limit, failed=str(failed).lower())
    if output == "json":
        print_json(found)
        return
    if output == "jsonl":
        for one in found["attempts"]:
            print_json_line(one)
        return
    columns = (say("时间", "at"), say("事件", "event"), say("类型", "type"), say("第几次", "try"), "ms", "HTTP", "")
    names = ("at", "event_id", "event_type", "attempt", "milliseconds", "status", "error")
    print_table(columns, [[one[part] for part in names] for one in found["attempts"]], right=(3, 4, 5))
    if (trouble := found["trouble"]) is not None:
        since, after = trouble["failing_since"], trouble["next_at"]
        click.echo(
            say(f"自 {since} 起失败,{after} 再试", f"failing since {since}, next try {after}") + f": {trouble['error']}"
        )


@click.command(cls=rich.RichCommand, epilog=examples("wuji sub redeliver hook 0193…"))
@click.argument("name")
@click.argument("event_id")
@output_option()
def redeliver(name: str, event_id: str, output: str) -> None:
    """立即再投递一个事件。Bring one event to a webhook once more, at once."""
    made = Access.find().post(_path(name, "deliveries", event_id, "redeliver"), {}, role="operator")
    if output == "json":
        print_json(made)
    else:
        click.echo(f"HTTP {made['status']}" if made["error"] is None else made["error"])
    if made["error"] is not None:
        sys.exit(1)


@click.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji sub replay sanitation-orders --from 2026-05-01T00:00:00+08:00 --dry-run",
        "wuji sub replay sanitation-orders --from 1 --to 50000 --rate 500",
        "wuji sub replay hook --from 12000 --target live",
    ),
)
@click.argument("name")
@click.option("--from", "begin", required=True, help=say("起点:位置或时间", "a position, or a time with its zone"))
@click.option("--to", "until", type=click.IntRange(1), help=say("终点位置", "the last position; default: the end"))
@click.option("--target", type=click.Choice(["shadow", "live"]), default="shadow", show_default=True)
@click.option("--rate", type=click.IntRange(1), help=say("每秒至多", "at most so many events a second"))
@click.option("--dry-run", is_flag=True, help=say("只算不投", "only count and estimate"))
@click.option("--no-wait", is_flag=True, help=say("不等结束", "do not wait for the end"))
@output_option()
def replay(  # one parameter each for what can be said
    name: str, begin: str, until: int | None, target: str, rate: int | None, dry_run: bool, no_wait: bool, output: str
) -> None:
    """重放:先试算,再投递,显示进度。Bring events of the past once more; a dry run says how many, and how long."""
    access = Access.find()
    start: dict[str, Any] = {"from_position": int(begin)} if begin.isdigit() else {"from_time": begin}
    body = {**start, "to_position": until, "target": target, "rate": rate, "dry_run": dry_run}
    made = access.post(_path(name, "replays"), body, role="operator")
    if not dry_run and not no_wait:
        made = _watched(access, name, made)
    if output == "json":
        print_json(made)
    elif dry_run:
        size, seconds = made["bytes"] / 1e6, made["seconds"]
        click.echo(
            say(
                f"将投递 {made['count']} 个事件,{size:.1f} MB,约 {seconds:.0f} 秒(试算,未执行)",
                f"{made['count']} events, {size:.1f} MB, about {seconds:.0f} s (dry run, nothing was brought)",
            )
        )
    else:
        where = made["queue"] or made["name"]
        click.echo(f"{made['replay_id']}  {made['state']}  {made['delivered']}/{made['count']} → {where}")


def _watched(access: Access, name: str, made: dict[str, Any]) -> dict[str, Any]:
    """Wait for the end: a bar on a terminal, a line now and then elsewhere. Interrupting leaves it running."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    path = _path(name, "replays", made["replay_id"])
    said, out = time.monotonic(), Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, disable=not out.is_terminal) as bars:
        task = bars.add_task(say("重放", "replay"), total=made["count"])
        while made["state"] == "running":
            time.sleep(_POLL)
            made = access.get(path, role="operator")
            bars.update(task, completed=made["delivered"])
            if not out.is_terminal and time.monotonic() - said > _EVERY:
                said = time.monotonic()
                click.echo(f"{made['delivered']}/{made['count']} {made['last_error'] or ''}", err=True)
    return made


@click.group(cls=rich.RichGroup)
def parked() -> None:
    """订阅者搁置的消息:查看、重投、丢弃。What a subscriber refused: look, send back, throw away."""


@parked.command("list", cls=rich.RichCommand, epilog=examples("wuji sub parked list sanitation-orders"))
@click.argument("name")
@click.option("--type", "kind", help=say("事件类型,可用 *", "event type, * allowed"))
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@output_option("jsonl")
def parked_list(name: str, kind: str | None, limit: int, output: str) -> None:
    """搁置的消息及原因,最旧在前。Parked messages and why, the oldest first."""
    query = {"limit": limit} | ({} if kind is None else {"type": kind})
    found = Access.find().get(_path(name, "parked"), role="operator", **query)["messages"]
    if output == "json":
        print_json(found)
        return
    if output == "jsonl":
        for one in found:
            print_json_line(one)
        return
    columns = (say("消息", "message"), say("类型", "type"), say("位置", "position"), say("次数", "tries"), "")
    print_table(
        columns,
        [[*(one[part] for part in ("message_id", "type", "position", "attempts", "error"))] for one in found],
        right=(2, 3),
    )


@parked.command("show", cls=rich.RichCommand, epilog=examples("wuji sub parked show sanitation-orders 0193…"))
@click.argument("name")
@click.argument("message_id")
@output_option()
def parked_show(name: str, message_id: str, output: str) -> None:
    """一条消息的全部内容。One message whole: payload, headers, tries, error."""
    found = Access.find().get(_path(name, "parked", message_id), role="operator")
    if output == "json":
        print_json(found)
    else:
        for part, value in found.items():
            click.echo(f"{part:>12}  {value}")


def _chosen(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--all", "everything", is_flag=True, help=say("全部", "all of them")),
        click.option("--type", "kind", help=say("事件类型,可用 *", "event type, * allowed")),
        click.option("--id", "ids", multiple=True, help=say("消息编号,可多次", "message id, may be repeated")),
        click.option("--dry-run", is_flag=True, help=say("只数不做", "only count")),
    ):
        function = option(function)
    return function


@parked.command(
    "redrive",
    cls=rich.RichCommand,
    epilog=examples("wuji sub parked redrive sanitation-orders --type 'case.*' --dry-run"),
)
@click.argument("name")
@_chosen
@output_option()
def parked_redrive(
    name: str, everything: bool, kind: str | None, ids: tuple[str, ...], dry_run: bool, output: str
) -> None:
    """重新放回订阅的队列。Send messages back to the subscription's queue."""
    body = {"ids": list(ids), "type": kind, "all": everything, "dry_run": dry_run}
    _tell(Access.find().post(_path(name, "parked", "redrive"), body, role="operator"), say("重投", "sent back"), output)


@parked.command(
    "discard",
    cls=rich.RichCommand,
    epilog=examples("wuji sub parked discard sanitation-orders --id 0193… --reason '重复 duplicate'"),
)
@click.argument("name")
@_chosen
@click.option("--reason", required=True, help=say("为何丢弃,写入事件", "why; an event keeps it"))
@output_option()
def parked_discard(  # one parameter each for what can be said
    name: str, everything: bool, kind: str | None, ids: tuple[str, ...], dry_run: bool, reason: str, output: str
) -> None:
    """永久丢弃。Throw messages away for good."""
    body = {"ids": list(ids), "type": kind, "all": everything, "dry_run": dry_run, "reason": reason}
    _tell(Access.find().post(_path(name, "parked", "discard"), body, role="operator"), say("丢弃", "discarded"), output)


def _tell(found: dict[str, Any], words: str, output: str) -> None:
    if output == "json":
        print_json(found)
    else:
        click.echo(f"{words}: {found['count']}" + (say("(试算)", " (dry run)") if found["dry_run"] else ""))


def _path(*parts: str) -> str:
    return "/".join((DOORS, *(quote(part, safe="") for part in parts)))


COMMANDS: tuple[click.Command, ...] = (rotate, deliveries, redeliver, replay, parked)
