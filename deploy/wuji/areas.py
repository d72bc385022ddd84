"""`wuji areas`: the tree of areas, and the boundaries that the city gives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.area_access import area_of, area_option, as_grid, of_stack, tier_of, tier_option
from deploy.wuji.area_import import import_
from deploy.wuji.ending import Exit
from deploy.wuji.output import examples, output_option, print_json, print_table


@click.group(cls=rich.RichGroup)
def areas() -> None:
    """区域与边界。The tree of areas, and their boundaries. docs/areas.md explains all of it."""


areas.add_command(import_)


@areas.command(
    cls=rich.RichCommand,
    epilog=examples("wuji areas export all.geojson", "wuji areas export - --area 530103.004 --tier community"),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@area_option
@tier_option
@output_option()
def export(file: Path, within: str | None, tier: str | None, output: str) -> int:
    """导出边界为 GeoJSON(WGS-84)。Write the boundaries as GeoJSON; `-` is the standard output."""
    from deploy.boundaries.standing import collection

    found = collection(of_stack(Access.find()), area_of(within), tier_of(tier))
    text = json.dumps(found, ensure_ascii=False)
    if str(file) == "-":
        print(text)
        return Exit.OK
    file.write_text(text + "\n", encoding="utf-8")
    n = len(found["features"])
    if output == "json":
        print_json({"file": str(file), "features": n})
    else:
        print(say(f"{n} 个边界 → {file}", f"{n} boundaries → {file}"))
    return Exit.OK


@areas.command(cls=rich.RichCommand, epilog=examples("wuji areas check", "wuji areas check --area 530103.004 -o json"))
@area_option
@output_option()
def check(within: str | None, output: str) -> int:
    """检查现有边界:缺谁、越界、重叠、缝隙。What is missing, outside of its parent, overlapping, or left uncovered."""
    from deploy.boundaries.standing import counted, findings

    ground, area = of_stack(Access.find()), area_of(within)
    tiers, found = counted(ground, area), list(findings(ground, area))
    if output == "json":
        print_json(
            {
                "tiers": [{"tier": tier.label, "areas": n, "bounded": bounded} for tier, n, bounded in tiers],
                "findings": [{"rule": one.rule, "area": one.area, "said": one.said} for one in found],
            }
        )
        return Exit.PARTIAL if found else Exit.OK
    columns = [say("层级", "tier"), say("区域", "areas"), say("有边界", "bounded")]
    print_table(columns, [(f"{tier.zh} {tier.label}", n, bounded) for tier, n, bounded in tiers], right=(1, 2))
    for one in found:
        print(f"✗ {one.area} {ground.areas[one.area].name}: {one.said}")
    return Exit.PARTIAL if found else Exit.OK


@areas.command(cls=rich.RichCommand, epilog=examples("wuji areas tree", "wuji areas tree --area 530103.004 --depth 3"))
@area_option
@click.option("--depth", type=click.IntRange(1, 5), default=2, show_default=True, help=say("几层", "how many tiers"))
@output_option()
def tree(within: str | None, depth: int, output: str) -> int:
    """区域树,■ 有边界,□ 没有。The tree of areas: ■ with a boundary, □ without."""
    from deploy.boundaries.standing import branches

    found = branches(of_stack(Access.find()), area_of(within), depth)
    if output == "json":
        print_json(found)
        return Exit.OK
    for one in found:
        _branch(one, 0)
    return Exit.OK


@areas.command(cls=rich.RichCommand, epilog=examples("wuji areas remove 530103.004 --reason '界线有误 wrong lines'"))
@click.argument("area")
@click.option("--reason", required=True, help=say("原因,记入事件", "why; it is recorded"))
@output_option()
def remove(area: str, reason: str, output: str) -> int:
    """撤销一个区域的边界。Take back the boundary of an area; the area stays, and so does the past."""
    from services.grid import handlers
    from shared.kernel.area import Area

    wanted = Area.parse(area)
    with as_grid(Access.find()) as (log, operator, cause):
        done = handlers.unbound_area(log, wanted, operator, cause, reason=reason)
    is_gone = bool(done.event_ids)
    if output == "json":
        print_json({"area": wanted.path, "removed": is_gone})
    else:
        print(say("已撤销", "taken back") if is_gone else say("本来就没有边界", "it had none"))
    return Exit.OK


def _branch(one: dict[str, Any], level: int) -> None:
    mark = "■" if one["bounded"] else "□"
    below = "" if one["children"] or not one["below"] else f" (+{one['below']})"
    print(f"{'  ' * level}{mark} {one['path']} {one['name']}{below}")
    for child in one["children"]:
        _branch(child, level + 1)
