"""`wuji case`: the whole life of one case, all five services' events in order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji import case_now, stored
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table
from shared.kernel.errors import NotFound

LONGEST = 60


@click.command(
    cls=rich.RichCommand,
    epilog=examples("wuji case 530103-2026-000012", "wuji case 530103-2026-000012 --now", "wuji case 0193… -o json"),
)
@click.argument("which")
@click.option(
    "--now", is_flag=True, help=say("现在的状态、任务与待审批", "where it stands, its tasks, what is undecided")
)
@output_option()
def case(which: str, now: bool, output: str) -> None:
    """一件事的全部经过:谁、何时、因何。The whole life of one case, by its number or id."""
    access = Access.find()
    case_id = identify(access, which)
    if now:
        case_now.show(access, case_id, output)
        return
    with access.database() as cursor:
        rows = stored.about(cursor, case_id)
    if not rows:
        raise NotFound(say(f"没有案件 {which}", f"there is no case {which}"), where=which)
    if output == "json":
        print_json({"case_id": case_id, "events": rows})
        return
    numbers = {row["event_id"]: place for place, row in enumerate(rows, 1)}
    print_table(
        ["#", say("时间", "time"), say("事件", "event"), say("谁", "who"), say("因", "cause"), say("内容", "what")],
        [
            (
                numbers[row["event_id"]],
                row["occurred_at"].astimezone().strftime("%Y-%m-%d %H:%M:%S"),
                stored.title(row["type"]),
                who(row["actor"]),
                numbers.get(row["causation_id"], ""),
                gist(row["data"]),
            )
            for row in rows
        ],
        title=f"{which}  {rows[-1]['area']}",
        right=(0, 4),
    )


def identify(access: Access, which: str) -> str:
    """The case's id. Raises NotFound when there is no case of that number."""
    try:
        return str(UUID(which))
    except ValueError:
        found = access.rows("SELECT case_id::text FROM grid.cases WHERE number = %s", [which], role="grid")
    if not found:
        raise NotFound(say(f"没有案件 {which}", f"there is no case {which}"), where=which)
    return str(found[0][0])


def who(actor: dict[str, Any]) -> str:
    """`wang.wu (department urban)`, or the service's name."""
    if actor.get("role") == "service":
        return str(actor["id"])
    place = f" {actor['department']}" if actor.get("department") else ""
    return f"{actor['id']} ({actor['role']}{place})"


def gist(data: dict[str, Any]) -> str:
    """What a person would want to read of an event's body: no ids, nothing long."""
    parts = [
        f"{name}={str(value)[:LONGEST]}"
        for name, value in data.items()
        if value not in (None, "", [], {}) and not name.endswith("_id") and not isinstance(value, (dict, list))
    ]
    return "  ".join(parts)[:160]
