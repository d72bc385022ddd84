"""`wuji parked`: messages that nobody could handle wait for a person."""

from __future__ import annotations

import fnmatch
import getpass
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click
import rich_click as rich

from deploy.local.places import RunDir
from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_json_line, print_table
from shared.kernel.clock import utc_now

if TYPE_CHECKING:
    from shared.rabbitmq.parked import ParkedMessage, ParkedMessages

SUFFIX = ".parked"


def open_parked(access: Access) -> ParkedMessages:
    """The broker, as the operator; what is done to messages is written to `audit.jsonl` in the log folder."""
    from shared.rabbitmq.parked import ParkedMessages

    return ParkedMessages(access.need("AMQP_URL"), write_audit)


def write_audit(done: str, facts: Mapping[str, object]) -> None:
    """One line of the audit log."""
    import json

    line = {"at": utc_now().isoformat(), "account": getpass.getuser(), "done": done, **facts}
    folder = RunDir.chosen().log
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "audit.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


def parked_counts(access: Access) -> dict[str, int]:
    """Queue → parked messages, of those that have any; from the broker itself, not from its old statistics."""
    from urllib.parse import unquote, urlsplit

    vhost = unquote(urlsplit(access.need("AMQP_URL")).path[1:])
    names = [
        queue["name"].removesuffix(SUFFIX)
        for queue in access.management.queues(vhost)
        if queue["name"].endswith(SUFFIX)
    ]
    with open_parked(access) as messages:
        return {queue: count for queue, count in messages.counts(tuple(sorted(names))).items() if count}


@click.group(cls=rich.RichGroup)
def parked() -> None:
    """搁置的消息:查看、重投、丢弃。Messages that nobody could handle: look, send back, discard."""


@parked.command(
    "list", cls=rich.RichCommand, epilog=examples("wuji parked list", "wuji parked list dispatch.file_report")
)
@click.argument("queue", required=False)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help=say("每队列最多几条", "per queue"))
@output_option("jsonl")
def list_messages(queue: str | None, limit: int, output: str) -> None:
    """列出搁置的消息及原因。List parked messages with the reason why."""
    access = Access.find()
    queues: Iterable[str] = [queue.removesuffix(SUFFIX)] if queue else parked_counts(access)
    with open_parked(access) as messages:
        found = [as_data(message) for name in queues for message in messages.messages(name, limit)]
    if output == "jsonl":
        for one in found:
            print_json_line(one)
    elif output == "json":
        print_json(found)
    elif not found:
        click.echo(say("没有搁置的消息", "nothing is parked"))
    else:
        columns = [
            say("队列", "queue"),
            say("消息", "message"),
            say("类型", "type"),
            say("次数", "tries"),
            say("搁置于", "parked at"),
            say("原因", "why"),
        ]
        print_table(
            columns,
            [
                (
                    m["queue"],
                    m["message_id"],
                    m["type"],
                    m["attempts"],
                    m["parked_at"],
                    f"{m['error_type'] or ''} {m['error'] or ''}".strip()[:100],
                )
                for m in found
            ],
            right=(3,),
        )


@parked.command(cls=rich.RichCommand, epilog=examples("wuji parked show dispatch.file_report 0193…"))
@click.argument("queue")
@click.argument("message_id")
@output_option()
def show(queue: str, message_id: str, output: str) -> None:
    """显示一条消息的全部内容。Show one message whole."""
    with open_parked(Access.find()) as messages:
        message = messages.show(queue.removesuffix(SUFFIX), message_id)
    found = {**as_data(message), "headers": dict(message.headers), "body": message.payload}
    if output == "json":
        print_json(found)
    else:
        for name, value in found.items():
            click.echo(f"{name:>12}  {value}")


def chosen(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which messages are meant."""
    for option in (
        click.option("--all", "everything", is_flag=True, help=say("全部", "all of the queue")),
        click.option("--type", "kind", help=say("事件类型,可用 *", "event type, * allowed")),
        click.option("--id", "ids", multiple=True, help=say("消息编号,可多次", "message id, may be repeated")),
        click.option("--dry-run", is_flag=True, help=say("只数不做", "only count")),
    ):
        function = option(function)
    return function


def wanted(everything: bool, kind: str | None, ids: tuple[str, ...]) -> Callable[[ParkedMessage], bool]:
    """Which messages are meant. Raises UsageError when nothing says so: nobody should hit all of them by accident."""
    if not (everything or kind or ids):
        raise click.UsageError(say("请用 --id、--type 或 --all 指明消息", "say which messages: --id, --type, or --all"))

    def is_wanted(message: ParkedMessage) -> bool:
        fits = not kind or fnmatch.fnmatchcase(message.type.removesuffix(".v1"), kind)
        return fits and (not ids or message.message_id in ids)

    return is_wanted


@parked.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji parked redrive dispatch.file_report --all --dry-run",
        "wuji parked redrive dispatch.file_report --id 0193…",
    ),
)
@click.argument("queue")
@chosen
@output_option()
def redrive(queue: str, everything: bool, kind: str | None, ids: tuple[str, ...], dry_run: bool, output: str) -> None:
    """重新投递到原队列。Send messages back to their queue, as if they came for the first time."""
    which = wanted(everything, kind, ids)
    with open_parked(Access.find()) as messages:
        count = messages.redrive(queue.removesuffix(SUFFIX), which, by=getpass.getuser(), dry_run=dry_run)
    tell("redriven", say("重投", "sent back"), count, dry_run, output)


@parked.command(
    cls=rich.RichCommand,
    epilog=examples("wuji parked discard dispatch.file_report --id 0193… --reason '测试数据 test data'"),
)
@click.argument("queue")
@chosen
@click.option("--reason", required=True, help=say("为何丢弃,记入审计", "why; it goes into the audit log"))
@output_option()
def discard(
    queue: str, everything: bool, kind: str | None, ids: tuple[str, ...], dry_run: bool, reason: str, output: str
) -> None:
    """永久丢弃。Throw messages away for good."""
    which = wanted(everything, kind, ids)
    with open_parked(Access.find()) as messages:
        name = queue.removesuffix(SUFFIX)
        count = messages.discard(name, which, by=getpass.getuser(), reason=reason, dry_run=dry_run)
    tell("discarded", say("丢弃", "discarded"), count, dry_run, output)


def tell(done: str, words: str, count: int, dry_run: bool, output: str) -> None:
    if output == "json":
        print_json({done: count, "dry_run": dry_run})
    else:
        click.echo(f"{words}: {count}" + (say("(试算,未执行)", " (dry run, nothing was done)") if dry_run else ""))


def as_data(message: ParkedMessage) -> dict[str, Any]:
    """What the list shows of a message."""
    return {
        "queue": message.queue,
        "message_id": message.message_id,
        "type": message.type,
        "attempts": message.attempts,
        "error_type": message.error_type,
        "error": message.error,
        "parked_at": message.parked_at,
    }
