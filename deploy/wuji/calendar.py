"""`wuji calendar`: the working calendar, and what a corrected one would move before it is published."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table

if TYPE_CHECKING:
    from services.dispatch.clocks.preview import Moved
    from shared.contracts.rulebook import CalendarPublished

SHOWN = 20
"""Limits that are listed by name; all of them are counted."""


@click.group(cls=rich.RichGroup)
def calendar() -> None:
    """工作日历:更正与发布。The working calendar: correct it, and publish it."""


@calendar.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji calendar publish deploy/reference/panlong/calendar-2026.toml",
        "wuji calendar publish corrected-2026.toml --commit -o json",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--commit", is_flag=True, help=say("真正发布;不加只试算", "really publish; without it nothing is changed")
)
@output_option()
def publish(file: Path, commit: bool, output: str) -> None:
    """发布一年的日历。Publish a year's calendar; without --commit only say which limits it would move.

    Within seconds of publishing, the timer counts every running limit anew and records each move as an event. Nothing
    becomes overdue by it, and what has run out stays as it is.
    """
    from deploy.reference.check_calendar import read_calendar

    published = read_calendar(file)
    found = Publication(Access.find(), published)
    moves = found.moves()
    shown, count = list(itertools.islice(moves, SHOWN)), 0
    count = len(shown) + sum(1 for _ in moves)
    is_news = found.publish() if commit else False
    if output == "json":
        print_json(
            {
                "year": published.year,
                "version": published.version,
                "would_move": count,
                "first": [_plain(move) for move in shown],
                "published": is_news,
            }
        )
        return
    head = say(f"{published.year} 年第 {published.version} 版", f"{published.year} version {published.version}")
    print(f"{head}: " + say(f"{count} 个时限变动", f"{count} limits move"))
    if shown:
        columns = [say("案件", "case"), say("阶段", "stage"), say("原截止", "due until now"), say("新截止", "due then")]
        print_table(columns, [(m.case_id, m.stage.zh, _civil(m.old_due_at), _civil(m.due_at)) for m in shown])
    if not commit:
        print(say("未发布:加 --commit 发布", "not published: add --commit to publish"))
    elif is_news:
        print(say("已发布", "published"))
    else:
        print(say("早已如此,无变化", "it says so already: nothing changed"))


def _civil(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _plain(move: Moved) -> dict[str, Any]:
    return {
        "case_id": str(move.case_id),
        "stage": move.stage.value,
        "old_due_at": move.old_due_at,
        "due_at": move.due_at,
    }


class Publication:
    """One calendar on its way into the log, as dispatch."""

    def __init__(self, access: Access, published: CalendarPublished) -> None:
        from shared.postgres.connection import Pool
        from shared.postgres.log import PostgresLog
        from shared.postgres.rows import PostgresRows

        pool = Pool(access.database_url("dispatch"), application="wuji calendar")
        self.log, self.rows, self.published = PostgresLog(pool), PostgresRows(pool), published

    def moves(self) -> Any:
        """Every limit that would move."""
        from services.dispatch.clocks.present import Present
        from services.dispatch.clocks.preview import with_calendar, would_move
        from shared.kernel.clock import utc_now

        now = utc_now()
        rules = Present().rules(self.rows, now)
        return would_move(self.log, self.rows, with_calendar(rules, self.published), now)

    def publish(self) -> bool:
        """Append it; False when the log says the same already. Raises Refused when its version was not raised, and
        NotFound before there is any reference data."""
        from services.dispatch.domain.lines import settle, stream_of
        from shared.contracts.envelope import Actor
        from shared.kernel.area import Area
        from shared.kernel.clock import utc_now
        from shared.kernel.errors import NotFound
        from shared.ports import Append, Happening

        stream = stream_of(self.published)
        history = self.log.stream(stream)
        wanted = settle(history[-1].event if history else None, self.published)
        if not wanted:
            return False
        beside = self.rows.query(
            "SELECT area, correlation_id FROM es.events WHERE stream LIKE 'rulebook-calendar-%%' ORDER BY seq LIMIT 1"
        )
        if not beside:
            raise NotFound(say("还没有基础数据", "there is no reference data yet"), hint="wuji import reference")
        self.log.append(
            Append(
                stream=stream,
                expected=len(history),
                happenings=tuple(Happening(event, utc_now()) for event in wanted),
                area=Area.parse(beside[0]["area"]),
                actor=Actor("calendar", "operator"),
                # With the rest of the reference data, so that a later load of the folder knows what stands here.
                correlation_id=beside[0]["correlation_id"],
            )
        )
        return True
