"""The city's reference data together: departments, issue types, responsibility list, calendar, limits, words.

A rulebook is a value: it is read once and asked many times, and a newer one replaces it whole. Where there is somebody
to ask for older ones, it answers for a case by the edition under which that was filed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from services.dispatch.domain import editions
from services.dispatch.domain.caps import Caps
from services.dispatch.domain.kept import is_gone, kept, settled
from services.dispatch.domain.labels import LabelSets
from services.dispatch.domain.limits import Limits, own_rank, rank
from services.dispatch.domain.lines import RulebookEvent
from services.dispatch.domain.pools import Pools
from services.dispatch.domain.responsibility import Assignment, Lines, indexed, matching, ties, why
from shared.contracts.case import CaseFiled, CaseSelfHandled, Loop
from shared.contracts.clock import Stage
from shared.contracts.report import Urgency
from shared.contracts.rulebook import (
    CalendarPublished,
    DepartmentRegistered,
    IssueTypeDefined,
    LadderDefined,
    PolicyAdopted,
    ResponsibilityAssigned,
    SamplingDefined,
)
from shared.contracts.shapes import Limit
from shared.kernel.area import Area
from shared.kernel.errors import Invalid
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar
from shared.kernel.working_time import due

_NO_LIMIT = Wording("没有规定时限", "no limit applies")


class Editions(Protocol):
    """Where older rulebooks are."""

    def as_of(self, edition: int) -> Rulebook:
        """The rulebook as it had been written up to that place in the log. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that dispatch looks up. Make one with `Rulebook.of`."""

    departments: Mapping[str, DepartmentRegistered]
    issue_types: Mapping[str, IssueTypeDefined]
    lines: Lines
    calendars: Mapping[int, CalendarPublished]
    calendar: Calendar
    limits: Limits
    pools: Pools
    labels: LabelSets
    caps: Caps
    tied: tuple[tuple[str, str], ...] = ()
    """Pairs of responsibility lines that say something about the same cases."""
    edition: int = 0
    """The place in the log up to which it was read."""
    policy: PolicyAdopted | None = None
    """The policy to which that edition belongs."""
    today: Rulebook | None = None
    """Of one that was kept for a case: the present one, from which it differs."""
    past: Editions | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, lines: Iterable[RulebookEvent]) -> Rulebook:
        """The rulebook that these lines make together. Raises Invalid when there is no usable calendar."""
        found = tuple(lines)
        calendars = {line.year: line for line in found if isinstance(line, CalendarPublished)}
        responsible = [line for line in found if isinstance(line, ResponsibilityAssigned)]
        return cls(
            {line.code: line for line in found if isinstance(line, DepartmentRegistered)},
            {line.code: line for line in found if isinstance(line, IssueTypeDefined)},
            indexed(responsible),
            calendars,
            Calendar.of(calendars.values()),
            Limits.of(found),
            Pools.of(found),
            LabelSets.of(found),
            Caps.of(found),
            tuple(ties(responsible)),
        )

    @property
    def said(self) -> Wording:
        """The rules, as people name them."""
        return editions.said(self.policy, self.edition)

    def under(self, edition: int | None, issue_type: str) -> Rulebook:
        """The rules that a case of that kind keeps which was filed under that edition; itself where that is its own,
        or not known."""
        if edition is None or self.past is None or edition == self.edition:
            return self
        then = self.past.as_of(edition)
        return self if is_gone(self, then, issue_type) else kept(self, then)

    def of_case(self, filed: CaseFiled | CaseSelfHandled) -> Rulebook:
        """The rules that the case keeps."""
        return self.under(filed.edition, filed.issue_type)

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
        kind = self.issue_types.get(issue_type)
        because = why(line, issue_type, kind, self.name(line.department), len(found) - 1)
        mine = self._assignment(line.department, line.co_handlers, line, because, limit, at)
        mine = replace(mine, informed=line.informed)
        if self.today is None:
            return mine
        return settled(self, mine, self.today.propose(issue_type, area, at, urgency, loop))

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
        mine = self._assignment(department, co_handlers, None, because, limit, at)
        return mine if own is None else replace(mine, informed=_others(own.informed, department, co_handlers))

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


def _others(informed: tuple[str, ...], department: str, co_handlers: tuple[str, ...]) -> tuple[str, ...]:
    """Whoever has something to do hears of it anyway."""
    return tuple(code for code in informed if code not in (department, *co_handlers))
