"""What commands print: text for people or JSON for programs on stdout, and nothing else there."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click

from deploy.local.words import say

F = TypeVar("F", bound=Callable[..., Any])


def output_option(*more: str) -> Callable[[F], F]:
    """`-o text|json`, and further forms when named."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json", *more]),
        default="text",
        show_default=True,
        help=say("输出形式", "form of the output"),
    )


def examples(*lines: str) -> str:
    """The examples at the end of a command's help, one a line."""
    return "\n\n".join([say("例", "Examples") + ":", *lines])


def print_json(found: Any) -> None:
    """One JSON document, Chinese characters readable."""
    json.dump(found, sys.stdout, ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.write("\n")


def print_json_line(found: Any) -> None:
    """One line of JSON, written through at once."""
    sys.stdout.write(json.dumps(found, ensure_ascii=False, default=_plain) + "\n")
    sys.stdout.flush()


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "", right: Iterable[int] = ()
) -> None:
    """A table for people."""
    from rich.console import Console
    from rich.table import Table

    at_right = set(right)
    table = Table(title=title or None, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place in at_right else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(table)
        return
    # A file or a pipe has no width: nothing is folded there, and no line ends in blanks.
    console.width = 240
    with console.capture() as capture:
        console.print(table)
    print("\n".join(line.rstrip() for line in capture.get().splitlines()))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)
