"""`wuji areas import`: boundaries out of a file into the log, each feature judged by itself."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.area_access import area_of, area_option, as_grid, of_stack, tier_of, tier_option
from deploy.wuji.ending import Exit
from deploy.wuji.output import examples, output_option, print_json, print_table

if TYPE_CHECKING:
    from deploy.boundaries.ground import Ground
    from deploy.boundaries.judging import Verdict

SHOWN = 40
"""Features that a table shows; the JSON form has all of them."""


@click.command(
    "import",
    cls=rich.RichCommand,
    epilog=examples(
        "wuji areas import streets.geojson --tier street --source '盘龙区民政局 2026-03'",
        "wuji areas import amap.csv --datum gcj02 --key adcode --commit -o json",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--source", help=say("谁的边界、何时的;缺省为文件名", "whose boundaries, and of when; else the file's name")
)
@click.option(
    "--datum",
    type=click.Choice(("wgs84", "cgcs2000", "gcj02", "bd09")),
    default="wgs84",
    show_default=True,
    help=say("文件的坐标基准;gcj02 高德腾讯,bd09 百度", "the file's datum; public maps are gcj02 or bd09"),
)
@click.option(
    "--order",
    type=click.Choice(("lon-lat", "lat-lon")),
    default="lon-lat",
    show_default=True,
    help=say("坐标先后", "which comes first"),
)
@click.option(
    "--encoding",
    type=click.Choice(("utf-8", "gb18030", "utf-16")),
    default="utf-8",
    show_default=True,
    help=say("文件编码", "the file's encoding"),
)
@click.option("--key", help=say("代码在哪个属性", "the property with the code"))
@click.option("--name-key", help=say("名称在哪个属性", "the property with the name"))
@tier_option
@area_option
@click.option("--repair", is_flag=True, help=say("修复自相交", "mend boundaries that cross themselves"))
@click.option(
    "--simplify",
    type=click.FloatRange(0, 1000),
    default=0.0,
    metavar="METRES",
    help=say("先简化,偏差不超过多少米", "thin them first, none further off than that"),
)
@click.option(
    "--reference",
    type=click.Path(path_type=Path, file_okay=False),
    help=say("试跑时区域取自基础数据目录", "for a dry run: take the areas from a folder of reference data"),
)
@click.option("--commit", is_flag=True, help=say("真正写入;不加只试跑", "really write; without it nothing is changed"))
@output_option()
def import_(file: Path, reference: Path | None, commit: bool, output: str, **said: Any) -> int:
    """导入边界(GeoJSON、CSV)。Bring in boundaries; without --commit only say what would be done.

    Each feature is judged by itself: what is wrong keeps that one out, and is said with what to do. Run again at any
    time: what is there already stays. Exit code 3: some features were refused.
    """
    from deploy.boundaries.judging import Reading, judge, looks_like_gcj02
    from deploy.boundaries.matching import Wish
    from deploy.boundaries.reading import features_of

    if commit and reference is not None:
        raise click.UsageError(say("--reference 只用于试跑", "--reference is for a dry run only"))
    wish = Wish(said["key"], said["name_key"], tier_of(said["tier"]), area_of(said["within"]))
    source, datum = said["source"] or file.name, said["datum"]
    reading = Reading(source, datum, said["order"], said["repair"], said["simplify"], wish)
    features = features_of(file, said["encoding"])
    ground = _of_folder(reference) if reference else of_stack(Access.find())
    with _counted(say("检查", "Checking")) as told:
        verdicts = judge(features, ground, reading, told)
    if commit:
        with _counted(say("写入", "Writing")) as told:
            _write(Access.find(), verdicts, told)
    shifted = datum in ("wgs84", "cgcs2000") and looks_like_gcj02(verdicts)
    _show(file, verdicts, committed=commit, shifted=shifted, output=output)
    return Exit.PARTIAL if any(one.outcome == "refused" for one in verdicts) else Exit.OK


# --- parts ----------------------------------------------------------------------------------------------------------


def _of_folder(folder: Path) -> Ground:
    from deploy.boundaries.ground import of_events
    from deploy.reference.check import check as read

    found, _ = read(folder)
    return of_events(entry.event for entry in found.areas)


def _write(access: Access, verdicts: list[Verdict], told: Any) -> None:
    """What is new or changed, one by one: what somebody else changes at the same moment is said, and not lost."""
    from deploy.boundaries.faults import Fault
    from services.grid import handlers
    from shared.kernel.errors import Conflict, NotFound

    wanted = [one for one in verdicts if one.outcome in ("new", "changed")]
    with as_grid(access) as (log, operator, cause):
        for done, verdict in enumerate(wanted, 1):
            assert verdict.boundary is not None
            try:
                handlers.bound_area(log, verdict.boundary, operator, cause)
            except (Conflict, NotFound) as error:
                verdict.outcome = "refused"
                verdict.faults.append(Fault("area.changed", str(error), say("再导入一次", "import the file again")))
            told(done, len(wanted))


@contextmanager
def _counted(title: str) -> Iterator[Any]:
    """How many are done, on stderr."""
    from deploy.local.progress import Progress

    with Progress() as progress, progress.step(title) as step:

        def told(done: int, total: int) -> None:
            step.detail = f"{done}/{total}"

        yield told


def _show(file: Path, verdicts: list[Verdict], *, committed: bool, shifted: bool, output: str) -> None:
    counts = Counter(one.outcome for one in verdicts)
    found = {name: counts[name] for name in ("new", "changed", "unchanged", "refused")}
    warning = say("边界像是 GCJ-02（高德、腾讯）：核对后加 --datum gcj02",
                  "they look like GCJ-02, the datum of public maps: if so, say --datum gcj02")  # fmt: skip
    if output == "json":
        results = [one.plain() for one in verdicts]
        warnings = [warning] if shifted else []
        print_json({"file": str(file), "committed": committed, **found, "warnings": warnings, "features": results})
        return
    words = {"new": say("新增", "new"), "changed": say("更新", "changed"), "unchanged": say("未变", "unchanged"),
             "refused": say("退回", "refused")}  # fmt: skip
    print_table(["", ""], [(words[name], n) for name, n in found.items()], right=(1,))
    told = [one for one in verdicts if one.faults or one.notes]
    for one in told[:SHOWN]:
        for fault in one.faults:
            print(f"✗ #{one.index} {one.name} {one.path or ''}: {fault.said}\n  → {fault.hint}")
        for note in one.notes:
            print(f"· #{one.index} {one.name} {one.path or ''}: {note}")
    if len(told) > SHOWN:
        print(say(f"… 还有 {len(told) - SHOWN} 个,-o json 看全部", f"… {len(told) - SHOWN} more: -o json has them all"))
    if shifted:
        print(f"! {warning}")
    if not committed:
        print(say("试跑,没有写入;加 --commit 写入", "a dry run: nothing was changed; add --commit to do it"))
    sys.stdout.flush()
