"""The month before the demonstration: cases that another system is said to have kept, brought in as history.

They are made up, from one seed, so that trends, medians and shares have something to show. Like any imported history
they notify nobody and start no clock. The demonstration's department hears of none of them: it would answer them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from deploy.imports.history import appends
from deploy.imports.rows import Issue
from deploy.reference.demo import demo_reports
from deploy.reference.files import Reference, read
from deploy.wuji.demo_department import DEPARTMENT
from services.dispatch.domain.responsibility import Lines, indexed, matching
from shared.contracts.area import AreaCreated
from shared.contracts.report import Source, Urgency
from shared.contracts.rulebook import IssueTypeDefined
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Conflict
from shared.kernel.ids import derived_id

if TYPE_CHECKING:
    from deploy.imports.target import Target

DAYS = 30
A_DAY = (9, 21)
"""At least and at most so many reports on a working day; half of it on a weekend."""
LATE, STILL_OPEN = 0.07, 0.03
"""The share that was closed after its target, and that nobody has closed."""
TARGETS = tuple(timedelta(days=days) for days in (1, 2, 3, 5, 7))
TITLE = "演示用往日案件"
SOURCES = (
    *(Source.RESIDENT,) * 5,
    *(Source.GRID_WORKER,) * 6,
    *(Source.HOTLINE,) * 3,
    Source.WINDOW,
)
_SHANGHAI = timedelta(hours=8)


def bring_in(target: Target, at: datetime, seed: int = 42) -> int:
    """Adds what is not there yet, and says how many cases that were. Once brought in, the month stays where it is."""
    begun = target.importer.stream(f"report-{_report_id(1)}")
    if begun:
        at = begun[0].recorded_at
    loops = {entry.event.code: entry.event.loop for entry in read().issue_types}
    wanted = [
        append
        for issue in issues(at, seed)
        for append in appends(issue, loops[issue.issue_type], Urgency.NORMAL, "filed", TITLE)
    ]
    known = target.known([append.stream for append in wanted])
    missing = [append for append in wanted if append.stream not in known]
    for answer in target.importer.bulk_append(missing):
        if isinstance(answer, Exception) and not isinstance(answer, Conflict):
            raise answer
    return sum(append.stream.startswith("case-") for append in missing)


def issues(at: datetime, seed: int = 42) -> list[Issue]:
    """Every case of the month before that instant, the oldest first: the same ones for the same seed."""
    chance = random.Random(seed)
    reference = read()
    kinds = _kinds(reference)
    buildings = [entry.event for entry in reference.areas if Area(entry.event.path).tier is Tier.BUILDING]
    lines = indexed(entry.event for entry in reference.responsibilities)
    today = (at + _SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0) - _SHANGHAI
    found: list[Issue] = []
    for back in range(DAYS, 0, -1):
        day = today - timedelta(days=back)
        many = chance.randint(*A_DAY) // (2 if (day + _SHANGHAI).weekday() > 4 else 1)
        hours = sorted(chance.triangular(6.5, 21.5, 10) for _ in range(many))
        for hour in hours:
            reported = day + timedelta(hours=hour)
            found.append(_issue(len(found) + 1, chance, reported, at, (kinds, buildings, lines)))
    return found


def _report_id(number: int) -> UUID:
    return derived_id("report", "demo history", str(number))


def _kinds(reference: Reference) -> list[IssueTypeDefined]:
    """Few kinds make most of the work, as everywhere: those that the demonstration's reports are of."""
    by_code = {entry.event.code: entry.event for entry in reference.issue_types}
    usual = [by_code[report.issue_type] for report in demo_reports()]
    return [*by_code.values(), *usual * 12]


def _issue(
    number: int,
    chance: random.Random,
    reported: datetime,
    at: datetime,
    among: tuple[Sequence[IssueTypeDefined], Sequence[AreaCreated], Lines],
) -> Issue:
    kinds, buildings, lines = among
    building = buildings[int(len(buildings) * chance.random() ** 1.3)]
    kind, department = _theirs(chance, kinds, lines, Area(building.path))
    target = chance.choice(TARGETS)
    closed = _closed(chance, target, reported, at)
    return Issue(
        report_id=_report_id(number),
        number=f"演示{number:05}",
        external_number=f"{number:05}",
        source=chance.choice(SOURCES),
        area=Area(building.path),
        issue_type=kind.code,
        title=f"{building.name}{kind.name}",
        words=f"{building.name}反映{kind.name}问题。（演示数据）",
        place=building.name,
        point=None,
        reported_at=reported.astimezone(UTC),
        target_at=(reported + target).astimezone(UTC),
        closed_at=None if closed is None else closed.astimezone(UTC),
        department=department,
        answer="已到现场处理完毕。（演示数据）" if closed else "",
        original={},
        contact={},
    )


def _theirs(
    chance: random.Random, kinds: Sequence[IssueTypeDefined], lines: Lines, area: Area
) -> tuple[IssueTypeDefined, str]:
    """A kind of issue and who leads on it there."""
    while True:
        kind = chance.choice(kinds)
        line = next(matching(lines, kind.code, area), None)
        if line is not None and line.department != DEPARTMENT:
            return kind, line.department


def _closed(chance: random.Random, target: timedelta, reported: datetime, at: datetime) -> datetime | None:
    """When it was closed; None for what is still open at that instant."""
    luck = chance.random()
    if luck < STILL_OPEN:
        return None
    took = target * (chance.uniform(1.05, 1.8) if luck < STILL_OPEN + LATE else chance.betavariate(2, 5))
    return reported + took if reported + took < at else None
