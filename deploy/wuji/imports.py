"""`wuji import`: reports from other systems, and the city's own reference data."""

from __future__ import annotations

import base64
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.ending import Exit
from deploy.wuji.output import examples, output_option, print_json, print_table

if TYPE_CHECKING:
    from deploy.imports.run import Outcome
    from deploy.imports.target import Target

POSITIONS_WITHIN = 15.0
"""Seconds to wait for the relay to have numbered what was imported."""


@click.group(cls=rich.RichGroup)
def imports() -> None:
    """导入:历史数据、基础数据。Bring in history from files, and the city's reference data."""


@imports.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji import reports old.csv.gz --mapping deploy/imports/mappings/boston_311.toml",
        "wuji import reports old.csv.gz --mapping my.toml --commit -o json",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(path_type=Path),
    required=True,
    help=say("对应关系(TOML)", "which column is what (TOML)"),
)
@click.option(
    "--commit", is_flag=True, help=say("真正写入;不加只试跑", "really add them; without it nothing is changed")
)
@click.option(
    "--reference",
    type=click.Path(path_type=Path, file_okay=False),
    help=say("基础数据目录", "folder of the reference data; Panlong's when not given"),
)
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help=say("退回行写到哪个目录", "folder for the rejected rows; beside FILE when not given"),
)
@output_option()
def reports(
    file: Path, mapping_file: Path, commit: bool, reference: Path | None, rejects: Path | None, output: str
) -> int:
    """导入其他系统的上报记录。Bring in reports that another system kept, with their own dates.

    CSV, JSON lines or Excel, gzipped or not. Without --commit nothing is changed. Run again at any time: what is there
    already is left alone, and what is missing is added. Nobody is notified of history. Exit code 3: some rows were
    rejected, and stand with their reasons in the file that is named.
    """
    from deploy.imports.mapping import read_mapping
    from deploy.imports.progress import FileProgress
    from deploy.imports.run import Import
    from deploy.reference.files import PANLONG

    mapping = read_mapping(mapping_file)
    target = target_of(Access.find()) if commit else None
    started = time.monotonic()
    with FileProgress(file) as progress:
        work = Import(file, mapping, datetime.now(UTC), target, reference or PANLONG, rejects, watch=progress.watch)
        outcome = work.run()
    found = _told(outcome, time.monotonic() - started)
    if target is not None:
        found |= _positions(target, outcome)
    if output == "json":
        print_json(found)
    else:
        _print(found, outcome)
    return Exit.PARTIAL if outcome.rejected else Exit.OK


@imports.command(
    cls=rich.RichCommand,
    epilog=examples("wuji import reference", "wuji import reference deploy/reference/custom --check"),
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--check", "only_check", is_flag=True, help=say("只检查", "only check; change nothing"))
@output_option()
def reference(folder: Path | None, only_check: bool, output: str) -> int:
    """导入基础数据(区域、网格、岗位、部门、事项、权责、日历)。Load the city's reference data, checked first.

    FOLDER is Panlong's when not given. Loading again adds nothing; a changed line adds one event.
    """
    from deploy.reference.check import check, gaps
    from deploy.reference.files import PANLONG
    from deploy.reference.load import Loaded

    chosen = folder or PANLONG
    found, faults = check(chosen)
    if faults:
        if output == "json":
            print_json({"folder": str(chosen), "faults": [asdict(fault) for fault in faults]})
        for fault in faults[:50] if output != "json" else ():
            print(f"✗ {fault}", file=sys.stderr)
        print(say(f"{len(faults)} 处错误,未导入", f"{len(faults)} faults, nothing was loaded"), file=sys.stderr)
        return Exit.FAILURE
    for gap in gaps(found)[:50] if output != "json" else ():
        print(f"? {gap}", file=sys.stderr)
    loaded = Loaded() if only_check else load_reference(Access.find(), chosen)
    if output == "json":
        told = {"folder": str(chosen), "faults": [], "gaps": [asdict(gap) for gap in gaps(found)]}
        print_json({**told, "streams": loaded.streams, "appended": loaded.appended})
    elif only_check:
        print(say(f"{chosen} 没有错误", f"{chosen} has no faults"))
    else:
        print(
            say(f"{loaded.streams} 条已核对,新增事件 {loaded.events}", f"{loaded.streams} lines, {loaded.events} new")
        )
    return Exit.OK


@imports.command(cls=rich.RichCommand, epilog=examples("wuji import clusters --area 530103.002"))
@click.option("--area", default="530103", show_default=True, help=say("区域", "where to look: a path or national code"))
@click.option("--at-least", default=5, show_default=True, help=say("至少多少件", "reports that a cluster must have"))
@output_option()
def clusters(area: str, at_least: int, output: str) -> int:
    """哪些上报说的是同一件事。Which open reports are about the same thing, the largest clusters first."""
    from deploy.imports.clusters import clusters as find
    from shared.kernel.area import Area
    from shared.postgres import PostgresLog, PostgresRows

    def told(done: int, total: int) -> None:
        print(f"… {done}/{total}", file=sys.stderr, flush=True)

    address = Access.find().database_url("intake")
    found = find(PostgresRows(address), PostgresLog(address), Area.parse(area), at_least, told)
    if output == "json":
        print_json([{"area": one.area, "size": len(one.reports), "reports": one.reports} for one in found])
    else:
        columns = [say("件数", "reports"), say("区域", "area"), say("最早一件", "the earliest")]
        print_table(columns, [(len(one.reports), one.area, one.title) for one in found], right=(0,))
    return Exit.OK


def load_reference(access: Access, folder: Path) -> Any:
    """Load a folder with the operator's addresses; progress goes to stderr."""
    from deploy.reference.load import load
    from shared.postgres import PostgresLog

    grid = PostgresLog(access.database_url("grid"))
    dispatch = PostgresLog(access.database_url("dispatch"))

    def told(name: str, done: int, total: int) -> None:
        print(f"… {name} {done}/{total}", file=sys.stderr, flush=True)

    try:
        return load(grid, dispatch, datetime.now(UTC), folder, told)
    finally:
        grid.close()
        dispatch.close()


def target_of(access: Access) -> Target:
    """The log in the four roles that an import needs."""
    from deploy.imports.target import Target
    from shared.postgres import PostgresLog, PostgresRows
    from shared.security.sealing import Sealer

    return Target(
        importer=PostgresLog(access.database_url("importer")),
        grid=PostgresLog(access.database_url("grid")),
        dispatch=PostgresLog(access.database_url("dispatch")),
        importer_rows=PostgresRows(access.database_url("importer")),
        intake_rows=PostgresRows(access.database_url("intake")),
        sealer=Sealer(base64.b64decode(access.need("WUJI_MASTER_KEY"))),
    )


def _told(outcome: Outcome, seconds: float) -> dict[str, Any]:
    return {
        "committed": outcome.committed,
        "rows": outcome.rows,
        "new": outcome.new,
        "unchanged": outcome.unchanged,
        "rejected": outcome.rejected,
        "reasons": outcome.reasons,
        "rejects_file": None if outcome.rejects_file is None else str(outcome.rejects_file),
        "events": outcome.events,
        "areas": outcome.areas,
        "issue_types": outcome.issue_types,
        "seconds": round(seconds, 1),
    }


def _positions(target: Target, outcome: Outcome) -> dict[str, Any]:
    """Where in the log the first and the last added row stand; None while the relay has not come so far."""
    if outcome.first is None or outcome.last is None:
        return {"first_position": None, "last_position": None}
    deadline = time.monotonic() + POSITIONS_WITHIN
    while (last := _position(target, outcome.last, at_end=True)) is None and time.monotonic() < deadline:
        time.sleep(0.5)
    return {"first_position": _position(target, outcome.first, at_end=False), "last_position": last}


def _position(target: Target, stream: str, *, at_end: bool) -> int | None:
    rows = target.importer_rows.query(
        """
        SELECT f.position FROM es.events e JOIN es.feed f ON f.txid = e.txid AND f.seq = e.seq
        WHERE e.stream = %s ORDER BY e.version
        """,
        [stream],
    )
    return int(rows[-1 if at_end else 0]["position"]) if rows else None


def _print(found: dict[str, Any], outcome: Outcome) -> None:
    lines = [
        (say("行", "rows"), found["rows"]),
        (say("新增", "new") if outcome.committed else say("可新增", "would be new"), found["new"]),
        (say("未变", "unchanged"), found["unchanged"]),
        (say("退回", "rejected"), found["rejected"]),
        (say("事件", "events"), found["events"]),
        (say("新区域", "new areas"), found["areas"]),
        (say("新事项类别", "new issue types"), found["issue_types"]),
        (say("首个位置", "first position"), found.get("first_position")),
        (say("末个位置", "last position"), found.get("last_position")),
        (say("秒", "seconds"), found["seconds"]),
    ]
    print_table(["", ""], [line for line in lines if line[1] is not None], right=(1,))
    if outcome.rejected:
        reasons = list(outcome.reasons.items())
        print_table([say("退回原因", "why rejected"), ""], reasons[:10], right=(1,))
        print(f"→ {found['rejects_file']}")
    if not outcome.committed:
        print(say("试跑,没有写入;加 --commit 写入", "a dry run: nothing was changed; add --commit to do it"))
