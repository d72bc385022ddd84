"""The command `wuji-events`: for those who write a department's program, and those who run it."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pika
from pika.exceptions import AMQPError

from wuji_events import settings
from wuji_events.event import Event, Park, Retry
from wuji_events.platform import Platform, PlatformError
from wuji_events.settings import SettingsError
from wuji_events.subscriber import WRONG_SETTINGS, Subscriber

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and end with the command's exit code."""
    chosen = _parser().parse_args(_joined(list(sys.argv[1:] if arguments is None else arguments)))
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        sys.exit(run(chosen))
    except SettingsError as error:
        print(f"wuji-events: {error}", file=sys.stderr)
        sys.exit(WRONG_SETTINGS)
    except PlatformError as error:
        print(f"wuji-events: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _joined(words: list[str]) -> list[str]:
    """`--from -2d` as `--from=-2d`: argparse takes what begins with a hyphen for another option."""
    if "--from" not in words[:-1]:
        return words
    place = words.index("--from")
    return [*words[:place], f"--from={words[place + 1]}", *words[place + 2 :]]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wuji-events", description="Receive Wuji's events 接收五级平台的事件")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listen = _command(commands, "listen", _listen, "print events, or hand them to a local program 监听")
    listen.add_argument("--forward-to", metavar="URL", help="POST each event there; 2xx takes it out of the queue")
    listen.add_argument("--count", type=int, help="stop after so many")
    listen.add_argument("--queue", help="another of your queues: a shadow replay's")
    trigger = _command(commands, "trigger", _trigger, "have a test event sent to your subscription 触发测试事件")
    trigger.add_argument("type", help="case.dispatched")
    _add_replay(_command(commands, "replay", _replay, "have events of the past sent once more 重放"))
    _add_parked(commands.add_parser("parked", help="messages that were put aside 搁置的消息"))
    _command(commands, "doctor", _doctor, "check settings, broker, queue and platform 体检")
    return parser


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="start", required=True, help="-2d, -3h, a time with zone, or a position")
    parser.add_argument("--to", type=int, help="last position; default: the end of the log")
    parser.add_argument("--target", choices=("live", "shadow"), default="shadow", help="shadow: a queue beside yours")
    parser.add_argument("--rate", type=int, help="at most so many a second")
    parser.add_argument("--dry-run", action="store_true", help="only say how many it would be")


def _add_parked(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = _command(commands, "list", _parked_list, "the oldest of them")
    listing.add_argument("--limit", type=int, default=50)
    showing = _command(commands, "show", _parked_show, "one with payload, attempts and reason")
    showing.add_argument("id")
    for name, run, words in (
        ("redrive", _redrive, "send back to your queue"),
        ("discard", _discard, "throw away for good"),
    ):
        settling = _command(commands, name, run, words)
        settling.add_argument("ids", nargs="*", metavar="ID", help="which; without any, --all or --type")
        settling.add_argument("--type", help="all of that event type")
        settling.add_argument("--all", action="store_true")
        settling.add_argument("--dry-run", action="store_true", help="only say how many it would be")
        if name == "discard":
            settling.add_argument("--reason", required=True)


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], int], words: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(run=run)
    return parser


def _listen(chosen: argparse.Namespace) -> int:
    subscriber = Subscriber.from_env(ladder=(1.0, 2.0, 5.0, 15.0), prefetch=1, queue=chosen.queue)
    heard = 0

    @subscriber.on("*")
    def each(event: Event) -> None:
        nonlocal heard
        print(json.dumps(event.cloud_event(), ensure_ascii=False), flush=True)
        if chosen.forward_to:
            _forward(chosen.forward_to, event)
        heard += 1
        if heard == chosen.count:
            subscriber.stop()

    return subscriber.run()


def _forward(url: str, event: Event) -> None:
    """CloudEvents over HTTP in binary mode: the same headers as in the queue."""
    body = json.dumps(dict(event.data), ensure_ascii=False).encode()
    headers = {name: value for name, value in event.headers.items() if name.startswith("ce-")}
    request = urllib.request.Request(url, body, {**headers, "Content-Type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60):
            return
    except urllib.error.HTTPError as error:
        if error.code == 422:
            raise Park(f"{url} answers 422") from error
        raise Retry(f"{url} answers {error.code}") from error
    except OSError as error:
        raise Retry(f"{url}: {error}") from error


def _trigger(chosen: argparse.Namespace) -> int:
    return _print(Platform.from_env().post("/test-events", {"type": chosen.type}))


def _replay(chosen: argparse.Namespace) -> int:
    body: dict[str, Any] = {**start_of(chosen.start, datetime.now(UTC)), "to_position": chosen.to}
    body |= {"target": chosen.target, "rate": chosen.rate, "dry_run": chosen.dry_run}
    return _print(Platform.from_env().post("/replays", body))


def start_of(words: str, now: datetime) -> dict[str, Any]:
    """`-2d` → from_time, `1200` → from_position, `2026-05-01T00:00:00+08:00` → from_time. Raises SettingsError."""
    if words.isdigit():
        return {"from_position": int(words)}
    if words[:1] == "-" and words[-1:] in _UNITS and words[1:-1].isdigit():
        return {"from_time": (now - timedelta(**{_UNITS[words[-1]]: int(words[1:-1])})).isoformat()}
    try:
        if (found := datetime.fromisoformat(words)).tzinfo is not None:
            return {"from_time": found.isoformat()}
    except ValueError:
        pass
    raise SettingsError(f"--from {words}: give -2d, -3h, a time with zone, or a position")


def _parked_list(chosen: argparse.Namespace) -> int:
    return _print(Platform.from_env().get("/parked", limit=chosen.limit))


def _parked_show(chosen: argparse.Namespace) -> int:
    return _print(Platform.from_env().get(f"/parked/messages/{quote(chosen.id, safe='')}"))


def _redrive(chosen: argparse.Namespace) -> int:
    return _print(Platform.from_env().post("/parked/redrive", _chosen(chosen)))


def _discard(chosen: argparse.Namespace) -> int:
    return _print(Platform.from_env().post("/parked/discard", {**_chosen(chosen), "reason": chosen.reason}))


def _chosen(chosen: argparse.Namespace) -> dict[str, Any]:
    if not (chosen.ids or chosen.type or chosen.all):
        raise SettingsError("say which: ids, --type or --all")
    return {"ids": chosen.ids or None, "type": chosen.type, "all": chosen.all or None, "dry_run": chosen.dry_run}


def _doctor(_chosen: argparse.Namespace) -> int:
    """One line per check; 0 when everything is well, 1 when something is not."""
    checks = {"settings": _check_settings, "queue": _check_queue, "platform": _check_platform}
    well = True
    for name, check in checks.items():
        try:
            print(f"ok    {name}: {check()}")
        except (SettingsError, PlatformError, AMQPError, OSError, ValueError) as error:
            well = False
            print(f"WRONG {name}: {type(error).__name__} {error}".rstrip())
    return 0 if well else 1


def _check_settings() -> str:
    names = (settings.URL, settings.SUBSCRIPTION, settings.API, settings.TOKEN)
    for name in names:
        settings.need(name)
    return ", ".join(names)


def _check_queue() -> str:
    name = f"sub.{settings.need(settings.SUBSCRIPTION)}"
    connection = pika.BlockingConnection(pika.URLParameters(settings.need(settings.URL)))
    try:
        channel = connection.channel()
        waiting, parked = (channel.queue_declare(one, passive=True).method for one in (name, f"{name}.parked"))
        return (
            f"{name}: {waiting.message_count} wait, {waiting.consumer_count} consumers, {parked.message_count} parked"
        )
    finally:
        connection.close()


def _check_platform() -> str:
    found = Platform.from_env().get()
    if found["state"] != "active":
        raise PlatformError(f"the subscription is {found['state']}: {found.get('reason') or 'no reason given'}")
    said = f"active, position {found['position']} of {found['head']}, {found['lag_events']} events behind"
    return said + (f", {found['dropped']} DROPPED because the queue was full" if found.get("dropped") else "")


def _print(found: Any) -> int:
    print(json.dumps(found, ensure_ascii=False, indent=2))
    return 0


if __name__ == "__main__":
    main()
