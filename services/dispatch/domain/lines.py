"""The lines of a rulebook: the stream of each, what changes one, and what makes a list of them contradict itself."""

from __future__ import annotations

from collections.abc import Sequence

from services.dispatch.domain import caps, labels, pools
from services.dispatch.domain.limits import is_fair, problems
from services.dispatch.domain.responsibility import patterns, ties
from shared.contracts.rulebook import (
    BurdenCapDefined,
    BurdenCapWithdrawn,
    CalendarPublished,
    DepartmentRegistered,
    DepartmentWithdrawn,
    IssueTypeDefined,
    IssueTypeWithdrawn,
    LabelSetChosen,
    LabelSetDefined,
    LadderDefined,
    LimitDefined,
    LimitWithdrawn,
    PolicyAdopted,
    PoolDefined,
    ResponsibilityAssigned,
    ResponsibilityWithdrawn,
    SamplingDefined,
)
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, Refused
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar
from shared.kernel.working_time import MOST

Withdrawal = DepartmentWithdrawn | IssueTypeWithdrawn | ResponsibilityWithdrawn | LimitWithdrawn | BurdenCapWithdrawn
RulebookEvent = (
    DepartmentRegistered
    | IssueTypeDefined
    | ResponsibilityAssigned
    | CalendarPublished
    | LimitDefined
    | LadderDefined
    | SamplingDefined
    | PoolDefined
    | LabelSetDefined
    | LabelSetChosen
    | BurdenCapDefined
    | PolicyAdopted
    | Withdrawal
)


_STREAMS: dict[type, tuple[str, str]] = {
    DepartmentRegistered: ("department", "code"),
    DepartmentWithdrawn: ("department", "code"),
    IssueTypeDefined: ("issue_type", "code"),
    IssueTypeWithdrawn: ("issue_type", "code"),
    ResponsibilityAssigned: ("responsibility", "rule"),
    ResponsibilityWithdrawn: ("responsibility", "rule"),
    CalendarPublished: ("calendar", "year"),
    LimitDefined: ("limit", "rule"),
    LimitWithdrawn: ("limit", "rule"),
    LadderDefined: ("ladder", "rule"),
    SamplingDefined: ("sampling", "rule"),
    PoolDefined: ("pool", "area"),
    LabelSetDefined: ("label_set", "code"),
    LabelSetChosen: ("labels", "area"),
    BurdenCapDefined: ("burden_cap", "area"),
    BurdenCapWithdrawn: ("burden_cap", "area"),
    PolicyAdopted: ("policy", "code"),
}
"""What a line is about, and the field that names it among its kind."""


SHAPES = tuple(_STREAMS)
"""Everything that may stand in a rulebook."""


def place_of(line: RulebookEvent) -> tuple[str, str]:
    """What a line is about, and what it is called among its kind: its latest word counts."""
    kind, name = _STREAMS[type(line)]
    return kind, str(getattr(line, name))


def stream_of(line: RulebookEvent) -> str:
    """The stream that a line of the rulebook lives in: each has its own."""
    kind, name = place_of(line)
    return f"rulebook-{kind}-{name}"


def withdrawal(line: RulebookEvent, reason: str) -> Withdrawal | None:
    """The event that takes a line out of the rulebook; None for what is only ever replaced, or is out already."""
    match line:
        case DepartmentRegistered(code=code):
            return DepartmentWithdrawn(code=code, reason=reason)
        case IssueTypeDefined(code=code):
            return IssueTypeWithdrawn(code=code, reason=reason)
        case ResponsibilityAssigned(rule=rule):
            return ResponsibilityWithdrawn(rule=rule, reason=reason)
        case LimitDefined(rule=rule):
            return LimitWithdrawn(rule=rule, reason=reason)
        case BurdenCapDefined(area=area):
            return BurdenCapWithdrawn(area=area, reason=reason)
        case _:
            return None


def settle(current: RulebookEvent | None, wanted: RulebookEvent) -> tuple[RulebookEvent, ...]:
    """The event that makes the line say what is wanted; none when it says so already.

    A calendar that says something new must say so by a higher version, since due times were counted by the old one.
    """
    if current == wanted:
        return ()
    if isinstance(wanted, CalendarPublished) and isinstance(current, CalendarPublished):
        _raise_the_version(current, wanted)
    return (wanted,)


def _raise_the_version(current: CalendarPublished, wanted: CalendarPublished) -> None:
    if wanted.version <= current.version:
        said = Wording(
            f"{wanted.year} 年日历内容有变，版本号须大于 {current.version}",
            f"the calendar of {wanted.year} says something new, so its version must be above {current.version}",
        )
        raise Refused(str(said), rule="calendar.version_not_raised")


def check(lines: Sequence[RulebookEvent]) -> None:
    """Refuse a rulebook that contradicts itself. Raises Invalid with every contradiction, each by its line's name.

    Ties, unknown departments, patterns that no issue type fits, limits of nothing, wrong areas, impossible calendars.
    """
    departments = {line.code for line in lines if isinstance(line, DepartmentRegistered)}
    kinds = {kind for line in lines if isinstance(line, IssueTypeDefined) for kind in patterns(line.code)}
    responsibilities = [line for line in lines if isinstance(line, ResponsibilityAssigned)]
    errors: dict[str, object] = {}
    for one, other in ties(responsibilities):
        errors[other] = [f"says something about the same area and issue type as {one}"]
    for line in responsibilities:
        said = _problems(line, departments, kinds)
        if said:
            errors[line.rule] = said
    for found in lines:
        if isinstance(found, IssueTypeDefined) and not is_fair(found.limit):
            errors[found.code] = [f"a limit is between 1 and {MOST}"]
    beside = (*pools.problems(lines), *labels.problems(lines), *caps.problems(lines))
    for rule, problem in (*problems(lines, kinds), *beside):
        errors[rule] = [problem]
    _check_calendars([line for line in lines if isinstance(line, CalendarPublished)], errors)
    if errors:
        raise Invalid(f"the rulebook contradicts itself in {len(errors)} line(s)", errors=errors)


def _problems(line: ResponsibilityAssigned, departments: set[str], kinds: set[str]) -> list[str]:
    named = (line.department, *line.co_handlers, *line.informed)
    found = [f"there is no department {code}" for code in named if code not in departments]
    if line.issue_type != "*" and line.issue_type not in kinds:
        found.append(f"no issue type is {line.issue_type} or belongs to it")
    if line.department in line.co_handlers:
        found.append(f"{line.department} cannot be both lead and co-handler")
    found += [
        f"{code} is informed and has a task too" for code in line.informed if code in named[: -len(line.informed)]
    ]
    if not is_fair(line.limit):
        found.append(f"a limit is between 1 and {MOST}")
    try:
        if Area.parse(line.area).path != line.area:
            found.append(f"the area is to be written as a path, {Area.parse(line.area)}")
    except Invalid as error:
        found.append(str(error))
    return found


def _check_calendars(calendars: list[CalendarPublished], errors: dict[str, object]) -> None:
    for found in calendars:
        try:
            Calendar.of([found])
        except Invalid as error:
            errors[f"calendar {found.year}"] = [f"{error.where or 'calendar'}: {error}"]
