"""The city's reference data together: departments, issue types, responsibility list, calendar; and what may change it.

A rulebook is a value: it is read once and asked many times, and a newer one replaces it whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.dispatch.domain.limits import Limits, is_fair, own_rank, problems, rank
from services.dispatch.domain.responsibility import Assignment, Lines, indexed, matching, patterns, ties, why
from shared.contracts.case import Loop
from shared.contracts.clock import Stage
from shared.contracts.report import Urgency
from shared.contracts.rulebook import (
    CalendarPublished,
    DepartmentRegistered,
    IssueTypeDefined,
    LadderDefined,
    LimitDefined,
    ResponsibilityAssigned,
    SamplingDefined,
)
from shared.contracts.shapes import Limit
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, Refused
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar
from shared.kernel.working_time import MOST, due

RulebookEvent = (
    DepartmentRegistered
    | IssueTypeDefined
    | ResponsibilityAssigned
    | CalendarPublished
    | LimitDefined
    | LadderDefined
    | SamplingDefined
)

_NO_LIMIT = Wording("没有规定时限", "no limit applies")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that dispatch looks up. Make one with `Rulebook.of`."""

    departments: Mapping[str, DepartmentRegistered]
    issue_types: Mapping[str, IssueTypeDefined]
    lines: Lines
    calendars: Mapping[int, CalendarPublished]
    calendar: Calendar
    limits: Limits

    @classmethod
    def of(cls, lines: Iterable[RulebookEvent]) -> Rulebook:
        """The rulebook that these lines make together. Raises Invalid when there is no usable calendar."""
        found = tuple(lines)
        calendars = {line.year: line for line in found if isinstance(line, CalendarPublished)}
        return cls(
            {line.code: line for line in found if isinstance(line, DepartmentRegistered)},
            {line.code: line for line in found if isinstance(line, IssueTypeDefined)},
            indexed(line for line in found if isinstance(line, ResponsibilityAssigned)),
            calendars,
            Calendar.of(calendars.values()),
            Limits.of(found),
        )

    def loop(self, issue_type: str) -> Loop:
        """Where such a case starts; one of an unknown kind starts nearest to the people."""
        found = self.issue_types.get(issue_type)
        return Loop.COMMUNITY if found is None else found.loop

    def limit(
        self,
        stage: Stage,
        issue_type: str,
        area: Area,
        urgency: Urgency | None = None,
        condition: str | None = None,
        loop: Loop | None = None,
    ) -> Limit | None:
        """How long the stage may take for such a case there; None when nothing limits it.

        The limit that an issue type brings itself is one for handling in the whole district.
        """
        line = self.limits.line(stage, issue_type, area, urgency, condition, loop)
        own = self._limit(issue_type) if stage is Stage.HANDLE and condition is None else None
        if line is None or (own is not None and rank(line) < own_rank(issue_type, area.district.path)):
            return own
        return line.limit

    def ladder(self, stage: Stage, urgency: Urgency | None = None) -> LadderDefined | None:
        """Who is called upon when the stage is overdue."""
        return self.limits.ladder(stage, urgency)

    def sampling(self, issue_type: str, loop: Loop | None = None, self_handled: bool = False) -> SamplingDefined | None:
        """How many of such cases are looked at after handling; None when all are."""
        return self.limits.sampling(issue_type, loop, self_handled)

    def propose(
        self,
        issue_type: str,
        area: Area,
        at: datetime,
        urgency: Urgency | None = None,
        loop: Loop | None = None,
    ) -> Assignment | None:
        """The department that the list chooses, with the time it would have from that instant; None without a line."""
        found = list(matching(self.lines, issue_type, area))
        if not found:
            return None
        line = found[0]
        limit = self._handling(line, issue_type, area, urgency, loop)
        because = why(line, issue_type, self.name(line.department), len(found) - 1)
        return self._assignment(line.department, line.co_handlers, line, because, limit, at)

    def by_hand(
        self,
        issue_type: str,
        area: Area,
        at: datetime,
        department: str,
        co_handlers: tuple[str, ...],
        reason: str,
        urgency: Urgency | None = None,
        loop: Loop | None = None,
    ) -> Assignment:
        """The department that a dispatcher chooses instead, always with a reason.

        It has the time of its own line on the list where it has one, else the issue type's. Raises Invalid for a
        department that nobody registered.
        """
        for code in (department, *co_handlers):
            self.registered(code, "department" if code == department else "co_handlers")
        own = next((line for line in matching(self.lines, issue_type, area) if line.department == department), None)
        limit = self._handling(own, issue_type, area, urgency, loop)
        because = Wording(f"人工派遣至{self.name(department)}：{reason}", f"chosen by hand, {department}: {reason}")
        return self._assignment(department, co_handlers, None, because, limit, at)

    def registered(self, code: str, where: str) -> DepartmentRegistered:
        """The department. Raises Invalid, naming the field, when nobody registered it."""
        found = self.departments.get(code)
        if found is None:
            said = Wording(f"没有代码为 {code} 的部门", f"there is no department {code}")
            raise Invalid(str(said), where=where, hint="GET /api/v1/departments lists them")
        return found

    def name(self, department: str) -> str:
        found = self.departments.get(department)
        return department if found is None else found.name

    def _handling(
        self,
        line: ResponsibilityAssigned | None,
        issue_type: str,
        area: Area,
        urgency: Urgency | None,
        loop: Loop | None,
    ) -> Limit | None:
        """How long the department has: what its line says, unless this urgency has a limit of its own."""
        standard = self.limits.line(Stage.HANDLE, issue_type, area, urgency, loop=loop)
        if line is None or line.limit is None or (standard is not None and standard.urgency is not None):
            return self.limit(Stage.HANDLE, issue_type, area, urgency, loop=loop)
        return line.limit

    def _limit(self, issue_type: str) -> Limit | None:
        found = self.issue_types.get(issue_type)
        return None if found is None else found.limit

    def _assignment(
        self,
        department: str,
        co_handlers: tuple[str, ...],
        line: ResponsibilityAssigned | None,
        because: Wording,
        limit: Limit | None,
        at: datetime,
    ) -> Assignment:
        counted = None if limit is None else due(at, limit, self.calendar)
        return Assignment(
            department=department,
            co_handlers=co_handlers,
            rule=None if line is None else line.rule,
            because=because,
            limit=limit,
            due_at=None if counted is None else counted.at,
            due_because=_NO_LIMIT if counted is None else counted.because,
            automatic=line is not None and line.automatic,
        )


# --- changing it ------------------------------------------------------------------------------------------------


def stream_of(line: RulebookEvent) -> str:
    """The stream that a line of the rulebook lives in: each has its own, and its latest word counts."""
    match line:
        case DepartmentRegistered(code=code):
            return f"rulebook-department-{code}"
        case IssueTypeDefined(code=code):
            return f"rulebook-issue_type-{code}"
        case ResponsibilityAssigned(rule=rule):
            return f"rulebook-responsibility-{rule}"
        case CalendarPublished(year=year):
            return f"rulebook-calendar-{year}"
        case LimitDefined(rule=rule):
            return f"rulebook-limit-{rule}"
        case LadderDefined(rule=rule):
            return f"rulebook-ladder-{rule}"
        case SamplingDefined(rule=rule):
            return f"rulebook-sampling-{rule}"


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
    for rule, problem in problems(lines, kinds):
        errors[rule] = [problem]
    _check_calendars([line for line in lines if isinstance(line, CalendarPublished)], errors)
    if errors:
        raise Invalid(f"the rulebook contradicts itself in {len(errors)} line(s)", errors=errors)


def _problems(line: ResponsibilityAssigned, departments: set[str], kinds: set[str]) -> list[str]:
    found = [
        f"there is no department {code}" for code in (line.department, *line.co_handlers) if code not in departments
    ]
    if line.issue_type != "*" and line.issue_type not in kinds:
        found.append(f"no issue type is {line.issue_type} or belongs to it")
    if line.department in line.co_handlers:
        found.append(f"{line.department} cannot be both lead and co-handler")
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
