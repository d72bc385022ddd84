"""`wuji rules`: the editions of the city's rules, what each changed, and how another one is announced."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json, print_table

if TYPE_CHECKING:
    from shared.contracts.rulebook import PolicyAdopted

DOOR = "/api/v1/policies"
STATES = {
    "to_come": say("待施行", "to come"),
    "in_force": say("施行中", "in force"),
    "superseded": say("已替代", "over"),
}


@click.group(cls=rich.RichGroup)
def rules() -> None:
    """规则版本:案件沿用立案时的版本。Editions of the rules: a case keeps the one it was filed under."""


@rules.command(cls=rich.RichCommand, epilog=examples("wuji rules editions", "wuji rules editions -o json"))
@output_option()
def editions(output: str) -> None:
    """有哪些版本,哪一版施行中。Every edition with a name, the newest first."""
    found = Access.find().get(DOOR, role="operator")
    if output == "json":
        print_json(found)
        return
    print(say("现在立案按", "cases are filed under") + f": {found['said']} · {found['edition']}")
    heads = [say("代码", "code"), say("名称", "title"), say("施行", "from"), say("状态", "state"), say("条目", "lines")]
    rows = [
        (one["code"], one["title"], one["effective_from"], STATES[one["state"]], one["lines"])
        for one in found["policies"]
    ]
    print_table(heads, rows, right=(4,))


@rules.command(cls=rich.RichCommand, epilog=examples("wuji rules show panlong-2026-1"))
@click.argument("code")
@output_option()
def show(code: str, output: str) -> None:
    """一个版本改了什么。What one edition rests on, and every line that came with it."""
    found = Access.find().get(f"{DOOR}/{code}", role="operator")
    if output == "json":
        print_json(found)
        return
    print(f"{found['title']} ({found['code']}) · {found['effective_from']} · {STATES[found['state']]}")
    print(found["basis"])
    heads = [say("位置", "position"), say("种类", "kind"), say("条目", "line")]
    print_table(heads, [(one["position"], one["zh"], one["name"]) for one in found["changes"]], right=(0,))


@rules.command(
    cls=rich.RichCommand,
    epilog=examples(
        'wuji rules adopt panlong-2026-2 --title "盘龙区网格规则（第二版）" --basis "区政府常务会议" --from 2027-01-01',
    ),
)
@click.argument("code")
@click.option("--title", required=True, help=say("名称", "what people call it"))
@click.option("--basis", required=True, help=say("依据", "on what it rests"))
@click.option(
    "--from",
    "effective_from",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help=say("施行日期", "the first day, 2027-01-01"),
)
@output_option()
def adopt(code: str, title: str, basis: str, effective_from: datetime, output: str) -> None:
    """颁布一个版本。Announce an edition: what is loaded after this belongs to it, and holds from its day on.

    Until then cases are filed under the rules as they are now. Load the changed lines afterwards:
    wuji import reference FOLDER.
    """
    from shared.contracts.rulebook import PolicyAdopted

    adopted = PolicyAdopted(code=code, title=title, basis=basis, effective_from=effective_from.date())
    is_news = append_policy(Access.find(), adopted)
    if output == "json":
        print_json({"code": code, "effective_from": adopted.effective_from.isoformat(), "adopted": is_news})
    elif is_news:
        print(say(f"已颁布,自 {adopted.effective_from} 起施行", f"adopted, in force from {adopted.effective_from}"))
    else:
        print(say("早已如此,无变化", "it says so already: nothing changed"))


def append_policy(access: Access, adopted: PolicyAdopted) -> bool:
    """Append it as dispatch; False when the log says the same already.

    Raises Refused when it would change the past or overtake another, NotFound before there is any reference data.
    """
    from services.dispatch.domain.editions import check
    from services.dispatch.domain.lines import settle, stream_of
    from services.dispatch.rulebooks import RulebookMemory
    from shared.contracts.envelope import Actor
    from shared.kernel.area import Area
    from shared.kernel.clock import utc_now
    from shared.kernel.errors import NotFound
    from shared.ports import Append, Happening
    from shared.postgres.connection import Pool
    from shared.postgres.log import PostgresLog
    from shared.postgres.rows import PostgresRows

    pool, now = Pool(access.database_url("dispatch"), application="wuji rules"), utc_now()
    log, rows = PostgresLog(pool), PostgresRows(pool)
    beside = rows.query(
        "SELECT area, correlation_id FROM es.events WHERE stream LIKE 'rulebook-calendar-%%' ORDER BY seq LIMIT 1"
    )
    if not beside:
        raise NotFound(say("还没有基础数据", "there is no reference data yet"), hint="wuji import reference")
    books = RulebookMemory().of(rows)
    today = books.current(now).calendar.local(now).date()
    check([policy.adopted for policy in books.policies(now)], adopted, today)
    history = log.stream(stream_of(adopted))
    wanted = settle(history[-1].event if history else None, adopted)
    if wanted:
        log.append(
            Append(
                stream=stream_of(adopted),
                expected=len(history),
                happenings=tuple(Happening(event, now) for event in wanted),
                area=Area.parse(beside[0]["area"]),
                actor=Actor("rules", "operator"),
                # With the rest of the reference data, so that a later load of the folder knows what stands here.
                correlation_id=beside[0]["correlation_id"],
            )
        )
    return bool(wanted)
