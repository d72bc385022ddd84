"""How every command ends: its exit code, and errors that say what, where and what to do. Never a traceback."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from enum import IntEnum
from itertools import pairwise
from typing import Any

import click

from deploy.local.words import say


class Exit(IntEnum):
    """Exit codes, stable for programs."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    PARTIAL = 3
    NOT_READY = 4
    INTERRUPTED = 130


def exit_code(run: Callable[[], Any]) -> int:
    """Run a command; its exit code."""
    try:
        returned = run()
    except click.UsageError as error:
        error.show()
        return Exit.USAGE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain(say("已中断", "interrupted"))
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does: nothing is wrong, but nothing can be written any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:  # noqa: BLE001 # people get a sentence, the log gets the traceback
        return explain(error)
    return returned if isinstance(returned, int) else Exit.OK


def explain(error: Exception) -> int:
    """Say what went wrong, where, and what to do; the exit code for it."""
    from shared.kernel.errors import Unavailable, WujiError  # keeps `wuji --help` quick

    if isinstance(error, WujiError):
        complain(str(error), error.where, error.hint, problem=error.title)
        return Exit.NOT_READY if isinstance(error, Unavailable) else Exit.FAILURE
    import psycopg2

    if isinstance(error, psycopg2.OperationalError):
        hint = say("用 wuji status 看看数据库", "look with: wuji status")
        complain(say("数据库连不上", "the database cannot be reached") + f": {first_line(error)}", "DATABASE_URL", hint)
        return Exit.NOT_READY
    complain(
        say("程序出错", "this is a bug of ours") + f": {type(error).__name__}: {first_line(error)}",
        hint=say(f"详情见 {keep_traceback(error)}", f"details are in {keep_traceback(error)}"),
    )
    return Exit.FAILURE


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:500]


def keep_traceback(error: Exception) -> str:
    """Append the traceback to `wuji.log` in the run directory, or beside it when there is none; its path."""
    from deploy.local.places import RunDir

    folder = RunDir.chosen().log
    path = folder / "wuji.log" if folder.is_dir() else None
    text = "".join(traceback.format_exception(error))
    if path is None or not os.access(folder, os.W_OK):
        return " ← ".join(text.strip().splitlines()[-4:][::-1])
    with path.open("a", encoding="utf-8") as out:
        out.write(text)
    return str(path)


def complain(what: str, where: str | None = None, hint: str | None = None, *, problem: str | None = None) -> None:
    """One error on stderr: for people, or as JSON when the command was asked for JSON."""
    if wants_json():
        found = {"title": problem or "Error", "detail": what, "where": where, "hint": hint}
        print(json.dumps({key: value for key, value in found.items() if value}, ensure_ascii=False), file=sys.stderr)
        return
    place = f" [{where}]" if where else ""
    print(f"✗ {what}{place}", file=sys.stderr)
    if hint:
        print(f"  → {hint}", file=sys.stderr)


def wants_json() -> bool:
    """True when the command line asks for JSON; read from the arguments, as the error may be in them."""
    arguments = sys.argv[1:]
    spelled = ("-ojson", "-ojsonl", "--output=json", "--output=jsonl")
    pairs = pairwise(arguments)
    return any(one in spelled for one in arguments) or any(
        option in ("-o", "--output") and value.startswith("json") for option, value in pairs
    )
