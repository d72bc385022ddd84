"""Checks a folder of reference data before anything is loaded: every fault with its file, its entry and its remedy.

python -m deploy.reference.check [FOLDER]        # exit code 1 when something is wrong
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from deploy.reference.check_calendar import calendar_faults
from deploy.reference.files import PANLONG, Entry, Fault, Reference, read
from services.dispatch.domain import caps, labels, pools
from services.dispatch.domain.limits import problems
from services.dispatch.domain.responsibility import indexed, matching, patterns
from shared.contracts.appointment import Post
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Invalid

_SHOWN = 50
_GRID_CODE = re.compile(r"[0-9A-Z]{15}")
_DEPARTMENT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ISSUE_TYPE = re.compile(r"[A-Z]-[0-9]{2}-[0-9]{2,3}")

_POST_TIERS = {
    Post.DISTRICT_INSPECTOR: Tier.DISTRICT,
    Post.STREET_SUPERVISOR: Tier.STREET,
    Post.GRID_WORKER: Tier.COMMUNITY,
    Post.GRID_LEAD: Tier.COMMUNITY,
    Post.GROUP_LEAD: Tier.GROUP,
    Post.BUILDING_HEAD: Tier.BUILDING,
}


def check(folder: Path = PANLONG) -> tuple[Reference, list[Fault]]:
    """What the folder says, and everything that is wrong with it; no faults means that it may be loaded."""
    found = read(folder)
    faults = [*found.faults]
    ground, rules = (_areas, _grids, _appointments), (_departments, _issue_types, _responsibilities, _standards)
    for rule in (*ground, *rules, _pools, _labels, _caps, _policies, _calendars):
        faults += rule(found)
    return found, faults


# --- the ground ---------------------------------------------------------------------------------------------------


def _areas(found: Reference) -> Iterator[Fault]:
    yield from _doubled(found.areas, lambda area: area.path, "area")
    paths = {entry.event.path for entry in found.areas}
    for entry in found.areas:
        area = _area(entry.event.path)
        if area is None or area.path != entry.event.path:
            what = f"{entry.event.path!r} is no area path"
            yield entry.fault(what, "A path looks like 530103.004.012.003.00007")
        elif area.parent is not None and area.parent.path not in paths:
            what = f"{area.path} lies in {area.parent.path}, which is not listed"
            yield entry.fault(what, f"Add a line for {area.parent.path}, or correct the path")
        if not entry.event.name:
            yield entry.fault("the area has no name", "Give it the name that people use")
        point = entry.event.centre
        if point is not None and not (-90 <= point.lat <= 90 and -180 <= point.lon <= 180):
            yield entry.fault(f"{point.lat}, {point.lon} is no place on earth", "lat is -90 to 90, lon -180 to 180")


def _grids(found: Reference) -> Iterator[Fault]:
    yield from _doubled(found.grids, lambda grid: grid.code, "grid")
    paths = {entry.event.path for entry in found.areas}
    taken: dict[str, str] = {}
    for entry in found.grids:
        grid = entry.event
        if not _GRID_CODE.fullmatch(grid.code):
            yield entry.fault(f"{grid.code!r} is no grid code", "It has 15 characters, digits and capital letters")
        if grid.community not in paths or grid.community.count(".") != 2:
            yield entry.fault(f"{grid.community} is no listed community", "A grid lies inside one community")
        if not grid.covers or grid.households < 1:
            yield entry.fault("the grid takes in nobody", "Name what it covers, and how many households live there")
        for path in grid.covers:
            if path not in paths:
                yield entry.fault(f"it covers {path}, which is not listed", "Add the area, or take it out")
            elif not path.startswith(grid.community + "."):
                yield entry.fault(f"it covers {path}, outside of {grid.community}", "Give it to a grid there")
        yield from _taken_twice(entry, taken)


def _taken_twice(entry: Entry[Any], taken: dict[str, str]) -> Iterator[Fault]:
    for path in entry.event.covers:
        clash = next((up.path for up in _up(path) if up.path in taken), None)
        if clash is not None and taken[clash] != entry.event.code:
            yield entry.fault(f"{path} belongs to grid {taken[clash]} already", "Let each place belong to one grid")
    for path in entry.event.covers:
        taken.setdefault(path, entry.event.code)


def _up(path: str) -> Iterable[Area]:
    area = _area(path)
    return area.ancestors() if area is not None else ()


def _appointments(found: Reference) -> Iterator[Fault]:
    yield from _doubled(found.appointments, lambda post: (post.person, post.post.value, post.area, post.grid), "post")
    paths = {entry.event.path for entry in found.areas}
    communities = {entry.event.code: entry.event.community for entry in found.grids}
    walked: dict[str, str] = {}
    for entry in found.appointments:
        post = entry.event
        if post.area not in paths:
            yield entry.fault(f"the area {post.area} is not listed", "Correct the path, or add the area")
        elif (tier := _POST_TIERS.get(post.post)) is not None and Area.parse(post.area).tier is not tier:
            yield entry.fault(f"a {post.post.value} stands for a {tier.label}, not for {post.area}", "Correct the path")
        if post.grid is not None and communities.get(post.grid) != post.area:
            yield entry.fault(f"there is no grid {post.grid} in {post.area}", "Correct the code or the community")
        if post.post is Post.GRID_WORKER and post.grid is not None:
            if post.grid in walked:
                fix = "A full-time worker has one grid, and a grid has one (一格一员)"
                yield entry.fault(f"grid {post.grid} has its worker: {walked[post.grid]}", fix)
            walked[post.grid] = post.person


# --- the rules ----------------------------------------------------------------------------------------------------


def _departments(found: Reference) -> Iterator[Fault]:
    yield from _doubled(found.departments, lambda department: department.code, "department")
    for entry in found.departments:
        if not _DEPARTMENT.fullmatch(entry.event.code):
            yield entry.fault(f"{entry.event.code!r} is no department code", "Use small letters, digits and hyphens")
        contact = entry.event.contact
        if contact is not None and not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+|[a-z][a-z0-9-]+", contact):
            yield entry.fault(f"{contact!r} is no contact", "Give a mail address or the name of a gateway")


def _issue_types(found: Reference) -> Iterator[Fault]:
    yield from _doubled(found.issue_types, lambda kind: kind.code, "issue type")
    groups: dict[str, str] = {}
    for entry in found.issue_types:
        kind = entry.event
        if not _ISSUE_TYPE.fullmatch(kind.code):
            yield entry.fault(f"{kind.code!r} is no issue type code", "It looks like E-01-02: kind, group, type")
        if kind.limit is not None and kind.limit.amount < 1:
            yield entry.fault("the limit is less than one", "Give at least one hour or day, or leave the limit out")
        name = groups.setdefault(kind.code[:4], kind.group)
        if name != kind.group:
            yield entry.fault(f"group {kind.code[:4]} is called {kind.group} here and {name} before", "Use one name")
        if any(len(word.strip()) < 1 for word in kind.keywords):
            yield entry.fault("one of the keywords is empty", "Take it out: it would match everything")


def _responsibilities(found: Reference) -> Iterator[Fault]:
    yield from _doubled(found.responsibilities, lambda line: line.rule, "rule")
    departments = {entry.event.code for entry in found.departments}
    kinds = {entry.event.code for entry in found.issue_types}
    kinds |= {code[:length] for code in kinds for length in (1, 4)} | {"*"}
    paths = {entry.event.path for entry in found.areas}
    said: dict[tuple[str, str], str] = {}
    for entry in found.responsibilities:
        line = entry.event
        yield from _handlers(entry, departments)
        if line.issue_type not in kinds:
            yield entry.fault(f"there is no issue type {line.issue_type!r}", "Use a code, a group such as E-01, or *")
        if line.area not in paths:
            yield entry.fault(f"the area {line.area} is not listed", "Correct the path, or add it to areas.csv")
        if line.limit is not None and line.limit.amount < 1:
            yield entry.fault("the limit is less than one", "Give at least one hour or day, or leave the limit out")
        other = said.setdefault((line.issue_type, line.area), line.rule)
        if other != line.rule:
            what = f"{other} already says who leads on {line.issue_type} in {line.area}"
            yield entry.fault(what, "Keep one of the two lines")


def _handlers(entry: Entry[Any], departments: set[str]) -> Iterator[Fault]:
    line = entry.event
    for department in (line.department, *line.co_handlers, *line.informed):
        if department not in departments:
            yield entry.fault(f"there is no department {department!r}", "Add it to departments.toml, or correct it")
    for department in sorted({*line.informed} & {line.department, *line.co_handlers}):
        yield entry.fault(f"{department} is informed of what it has to do itself", "Take it out of informed")
    if line.department in line.co_handlers:
        yield entry.fault(f"{line.department} leads and helps itself", "Take it out of co_handlers")


def _standards(found: Reference) -> Iterator[Fault]:
    """Limits, ladders and samples: what the rulebook itself would refuse, said where it stands in the files."""
    entries: list[Entry[Any]] = [*found.limits, *found.ladders, *found.samplings]
    yield from _doubled(entries, lambda line: line.rule, "rule")
    kinds = {kind for entry in found.issue_types for kind in patterns(entry.event.code)}
    for entry, said in _problems_of(entries, kinds):
        yield entry.fault(said, "Correct the line, or take it out")
    paths = {entry.event.path for entry in found.areas}
    for entry in found.limits:
        yield from _listed(entry, paths)


def _caps(found: Reference) -> Iterator[Fault]:
    yield from _doubled(found.burden_caps, lambda cap: cap.area, "cap of the area")
    paths = {entry.event.path for entry in found.areas}
    for entry in found.burden_caps:
        for _, said in caps.problems([entry.event]):
            yield entry.fault(said, "Correct the number, or take it out")
        yield from _listed(entry, paths)


def _policies(found: Reference) -> Iterator[Fault]:
    yield from _doubled(found.policies, lambda policy: policy.code, "policy")
    for entry in found.policies:
        if not _DEPARTMENT.fullmatch(entry.event.code):
            yield entry.fault(f"{entry.event.code!r} is no code", "Use small letters, digits and hyphens")
        if not entry.event.title or not entry.event.basis:
            yield entry.fault("a policy has a title and a basis", "Say what people call it, and on what it rests")


def gaps(found: Reference) -> list[Fault]:
    """Issue types for which nobody is responsible in the whole district: they wait for a dispatcher. No fault."""
    lines = indexed(entry.event for entry in found.responsibilities)
    district = next((area for entry in found.areas if (area := _area(entry.event.path)) and area.parent is None), None)
    if district is None:
        return []
    return [
        entry.fault(f"nobody leads on {entry.event.code} {entry.event.name}", "Add a line to responsibilities.toml")
        for entry in found.issue_types
        if next(matching(lines, entry.event.code, district), None) is None
    ]


def _problems_of(entries: Iterable[Entry[Any]], kinds: set[str]) -> Iterator[tuple[Entry[Any], str]]:
    """The rulebook's own complaints, each with the entry that it is about."""
    by_rule = {entry.event.rule: entry for entry in entries}
    for rule, said in problems([entry.event for entry in by_rule.values()], kinds):
        yield by_rule[rule], said


def _pools(found: Reference) -> Iterator[Fault]:
    yield from _doubled(found.pools, lambda pool: pool.area, "pool of the area")
    paths = {entry.event.path for entry in found.areas}
    for entry in found.pools:
        for _, said in pools.problems([entry.event]):
            yield entry.fault(said, "Correct the number")
        yield from _listed(entry, paths)


def _labels(found: Reference) -> Iterator[Fault]:
    yield from _doubled(found.label_sets, lambda one: one.code, "label set")
    yield from _doubled(found.labels_chosen, lambda one: one.area, "choice of the area")
    sets = [entry.event for entry in found.label_sets]
    for entry in found.label_sets:
        for _, said in labels.problems([entry.event]):
            yield entry.fault(said, "Name a step, a state or an event type, each once, with its word")
    paths = {entry.event.path for entry in found.areas}
    for chosen in found.labels_chosen:
        if chosen.event.code not in {one.code for one in sets}:
            yield chosen.fault(f"there is no label set {chosen.event.code!r}", "Add it to label_sets.toml")
        yield from _listed(chosen, paths)


def _listed(entry: Entry[Any], paths: set[str]) -> Iterator[Fault]:
    if entry.event.area not in paths:
        yield entry.fault(f"the area {entry.event.area} is not listed", "Correct the path, or add it to areas.csv")


def _calendars(found: Reference) -> Iterator[Fault]:
    yield from _doubled(found.calendars, lambda calendar: calendar.year, "calendar of the year")
    for entry in found.calendars:
        yield from calendar_faults(entry)


# --- common -------------------------------------------------------------------------------------------------------


def _doubled(entries: Iterable[Entry[Any]], key: Callable[[Any], object], what: str) -> Iterator[Fault]:
    first: dict[object, Entry[Any]] = {}
    for entry in entries:
        name = key(entry.event)
        if name in first:
            shown = " ".join(str(part) for part in name if part) if isinstance(name, tuple) else name
            where = f"it stands at {first[name].entry} already"
            yield entry.fault(f"the {what} {shown} is there twice: {where}", "Take one of them out")
        first.setdefault(name, entry)


def _area(path: str) -> Area | None:
    try:
        return Area.parse(path)
    except Invalid:
        return None


def main(arguments: list[str]) -> int:
    """Print what is wrong, or how much is right."""
    folder = Path(arguments[0]) if arguments else PANLONG
    found, faults = check(folder)
    for fault in faults[:_SHOWN]:
        print(fault, file=sys.stderr)
    if faults:
        shown = f" (the first {_SHOWN} are shown)" if len(faults) > _SHOWN else ""
        print(f"{len(faults)} faults in {folder}{shown}: nothing may be loaded", file=sys.stderr)
        return 1
    for gap in gaps(found)[:_SHOWN]:
        print(f"? {gap}", file=sys.stderr)
    counts = {name: len(entries) for name, entries in vars(found).items() if name != "faults"}
    print(f"{folder}: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
