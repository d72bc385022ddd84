"""`wuji status`: the truth about every process, queue and lag, and every address."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click
import rich_click as rich

from deploy.local.places import RunDir
from deploy.local.stack import Stack
from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.condition import Condition, condition
from deploy.wuji.ending import Exit
from deploy.wuji.output import examples, output_option, print_json, print_table
from deploy.wuji.urls import urls


@click.command(cls=rich.RichCommand, epilog=examples("wuji status", "wuji status -o json | jq .processes"))
@click.option("--all", "everything", is_flag=True, help=say("列出空队列", "list empty queues as well"))
@output_option()
def status(everything: bool, output: str) -> None:
    """每个进程、队列与滞后的实情,以及全部地址。Exit code 4 when something is not well."""
    run = RunDir.chosen()
    stack = Stack.existing(run)
    found = condition(stack, Access.find(run))
    if output == "json":
        print_json(as_data(run, stack, found))
    else:
        show(run, stack, found, everything=everything)
    if not found.well:
        sys.exit(Exit.NOT_READY)


def as_data(run: RunDir, stack: Stack, found: Condition) -> dict[str, Any]:
    """The answer for programs."""
    return {
        "well": found.well,
        "run_dir": str(run.root),
        "data": str(run.data.resolve()),
        "logs": str(run.log),
        "processes": [asdict(process) for process in found.processes],
        "queues": None if found.queues is None else [asdict(queue) for queue in found.queues],
        "parked": found.parked,
        "relay": found.relay,
        "projections": None if found.projections is None else [asdict(one) for one in found.projections],
        "subscriptions": found.subscriptions,
        "unknown": found.unknown,
        "urls": urls(stack),
    }


def show(run: RunDir, stack: Stack, found: Condition, *, everything: bool) -> None:
    """The answer for people."""
    print_table(
        ["", say("进程", "process"), say("状态", "state"), "pid", say("端口", "port"), say("已运行", "up"), ""],
        [
            ("●" if one.ready else "▲", one.name, one.state, one.pid, one.port, spell(one.seconds), short(one.why))
            for one in found.processes
        ],
        right=(3, 4, 5),
    )
    click.echo()
    show_flow(found)
    show_subscriptions(found)
    busy = [one for one in found.queues or () if everything or one.ready or one.unacknowledged]
    if busy:
        click.echo()
        columns = [say("队列", "queue"), say("等待", "ready"), say("处理中", "in work"), say("消费者", "consumers")]
        print_table(columns, [(q.name, q.ready, q.unacknowledged, q.consumers) for q in busy], right=(1, 2, 3))
    for part, why in found.unknown.items():
        click.echo(f"▲ {part}: {why}")
    click.echo()
    print_table([say("地址", "address"), ""], urls(stack).items())
    click.echo(say(f"\n日志 {run.log}\n数据 {run.data.resolve()}", f"\nlogs {run.log}\ndata {run.data.resolve()}"))


def show_flow(found: Condition) -> None:
    """How far the events have come."""
    if found.relay:
        relay = found.relay
        click.echo(
            say("事件", "events")
            + f" {relay['head']}  "
            + say("已发布", "published")
            + f" {relay['published']}  "
            + say("待发布", "waiting")
            + f" {relay['waiting']} ({relay['oldest_seconds']} s)  "
            + say("搁置", "parked")
            + f" {found.parked}"
        )
    if found.projections:
        print_table(
            [
                say("投影", "projection"),
                say("位置", "position"),
                say("落后", "behind"),
                say("滞后", "lag"),
                say("毒事件", "poisoned"),
            ],
            [
                (f"{p.service}.{p.name}", p.position, p.behind, f"{p.lag_seconds} s", p.poisoned or "")
                for p in found.projections
            ],
            right=(1, 2, 3, 4),
        )


def show_subscriptions(found: Condition) -> None:
    """How far the departments have come."""
    if found.subscriptions:
        heads = [say("订阅", "subscription"), say("位置", "position"), say("落后", "behind"), say("滞后", "lag")]
        more = [say("排队", "waiting"), say("未确认", "unacked"), say("丢弃", "dropped"), say("搁置", "parked")]
        rows = [
            (s["name"], s["position"], s["lag_events"], f"{s['lag_seconds']:.1f} s", s["ready"], s["unacked"],
             s["dropped"] or "", s["parked"] or "")
            for s in found.subscriptions
        ]  # fmt: skip
        click.echo()
        print_table([*heads, *more], rows, right=range(1, 8))


def spell(seconds: int | None) -> str:
    """3 d 4 h, 12 min, 5 s."""
    if seconds is None:
        return ""
    for unit, size, smaller, less in (("d", 86400, "h", 3600), ("h", 3600, "min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // less} {smaller}"
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"


def short(text: str) -> str:
    return " ".join(text.split())[:120]
