"""`wuji projection`: the read tables, which can always be made again from the log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
import rich_click as rich

from deploy.local.credentials import SERVICES
from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.condition import projected
from deploy.wuji.ending import Exit
from deploy.wuji.output import examples, output_option, print_json, print_table
from shared.kernel.errors import NotFound

if TYPE_CHECKING:
    from shared.projections.projection import Projection
    from shared.projections.rebuild import Progress

QUIET = 2.0
"""Seconds between two lines of progress when nobody watches a terminal."""


def all_projections() -> list[Projection]:
    """Every projection of every service."""
    return [found for name in SERVICES for found in import_module(f"services.{name}.projections").PROJECTIONS]


def named(name: str) -> Projection:
    """The projection called `cases` or `grid.cases`. Raises NotFound listing what there is."""
    everything = all_projections()
    found = [one for one in everything if name in (one.label, one.name)]
    if len(found) != 1:
        raise NotFound(
            say(f"没有唯一的投影 {name}", f"there is no single projection {name}"),
            where=name,
            hint=", ".join(sorted(one.label for one in everything)),
        )
    return found[0]


def connector(access: Access) -> Callable[[str], Any]:
    """Service → a connection of that service's role."""
    from shared.projections.process import connect_as

    return connect_as({service: access.database_url(service) for service in SERVICES})


@click.group(cls=rich.RichGroup)
def projection() -> None:
    """投影:清单、重建、校验。The read tables: list, rebuild beside the live ones, verify against the log."""


@projection.command("list", cls=rich.RichCommand, epilog=examples("wuji projection list -o json"))
@output_option()
def list_all(output: str) -> None:
    """每个投影走到哪里。Where each projection stands."""
    places = {f"{one.service}.{one.name}": one for one in projected(Access.find())}
    rows: list[dict[str, Any]] = []
    for one in sorted(all_projections(), key=lambda found: found.label):
        place = places.get(f"{one.service}.{one.name}")
        rows.append(
            {
                "projection": one.label,
                "tables": list(one.table_names),
                "position": place.position if place else None,
                "behind": place.behind if place else None,
                "lag_seconds": place.lag_seconds if place else None,
                "poisoned": place.poisoned if place else 0,
            }
        )
    if output == "json":
        print_json(rows)
    else:
        columns = [
            say("投影", "projection"),
            say("位置", "position"),
            say("落后", "behind"),
            say("毒事件", "poisoned"),
            say("表", "tables"),
        ]
        print_table(
            columns,
            [(r["projection"], r["position"], r["behind"], r["poisoned"] or "", ", ".join(r["tables"])) for r in rows],
            right=(1, 2, 3),
        )


@projection.command(cls=rich.RichCommand, epilog=examples("wuji projection rebuild grid.cases"))
@click.argument("name")
@output_option()
def rebuild(name: str, output: str) -> None:
    """在旁边重建,再一次切换。Build the rows anew beside the live ones, then switch in one moment.

    Ctrl-C leaves the live rows as they were.
    """
    from shared.projections.rebuild import rebuild as run

    one = named(name)
    with telling(one.label) as tell:
        done = run(one, connector(Access.find()), tell)
    found = {
        "projection": one.label,
        "position": done.position,
        "events": done.events,
        "seconds": round(done.seconds, 2),
        "events_per_second": round(done.rate),
    }
    if output == "json":
        print_json(found)
    else:
        click.echo(
            say("已重建", "rebuilt")
            + f" {one.label}: {done.events} "
            + say("条事件", "events")
            + f", {done.seconds:.1f} s, {done.rate:,.0f}/s"
        )


@projection.command(
    cls=rich.RichCommand, epilog=examples("wuji projection verify", "wuji projection verify grid.cases")
)
@click.argument("name", required=False)
@output_option()
def verify(name: str | None, output: str) -> None:
    """另行重建并逐行比较。Rebuild apart, and compare row by row. Exit code 1 when something differs."""
    from shared.projections.verify import verify as run

    results = []
    for one in [named(name)] if name else all_projections():
        with telling(one.label) as tell:
            results.append(run(one, connector(Access.find()), tell))
    if output == "json":
        print_json(
            [
                {
                    "projection": r.label,
                    "position": r.position,
                    "rows": r.rows,
                    "differing": r.differing,
                    "poisoned": r.poisoned,
                }
                for r in results
            ]
        )
    else:
        for r in results:
            verdict = say("一致", "equal") if r.is_equal else say(f"{r.differing} 行不同", f"{r.differing} rows differ")
            click.echo(f"{'●' if r.is_equal else '▲'} {r.label}: {r.rows} " + say("行", "rows") + f", {verdict}")
            for difference in r.differences:
                click.echo(f"    {difference.table}: {difference.live} ≠ {difference.rebuilt}")
    if not all(r.is_equal for r in results):
        sys.exit(Exit.FAILURE)


@contextmanager
def telling(label: str) -> Iterator[Callable[[Progress], None]]:
    """Shows a rebuild's progress on stderr: a bar for people, a line every two seconds otherwise."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True, highlight=False)
    last = time.monotonic()
    with Bars(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal,
    ) as bars:  # fmt: skip
        task = bars.add_task(label, total=None, rate="")

        def tell(now: Progress) -> None:
            nonlocal last
            bars.update(task, total=now.head, completed=now.position, rate=f"{now.rate:,.0f}/s")
            if not console.is_terminal and time.monotonic() - last >= QUIET:
                last = time.monotonic()
                left = f"{now.seconds_left:.0f} s" if now.seconds_left is not None else "?"
                console.print(f"  … {label} {now.position:,}/{now.head:,} {now.rate:,.0f}/s eta {left}", markup=False)

        yield tell
