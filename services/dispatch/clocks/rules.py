"""What clocks are decided with: the rulebook, the areas in emergency mode, and who stands where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.dispatch.clocks.posts import Posts
from services.dispatch.clocks.road import About
from services.dispatch.domain.limits import WARN_PERCENT
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.clock import Stage
from shared.contracts.report import Urgency
from shared.contracts.rulebook import LadderRung, LimitDefined
from shared.contracts.shapes import Limit
from shared.kernel.area import Area
from shared.kernel.duty_hours import Rosters
from shared.kernel.working_calendar import Calendar


@dataclass(frozen=True, slots=True)
class Turn:
    """The last time that an area went into emergency mode, or came out of it."""

    is_on: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """The city's rules at this moment."""

    rulebook: Rulebook
    emergencies: Mapping[str, Turn] = field(default_factory=dict)
    """Area path → how it stands; areas that never were in emergency mode are missing."""
    posts: Posts = field(default_factory=Posts)
    rosters: Rosters = field(default_factory=Rosters)

    @property
    def calendar(self) -> Calendar:
        return self.rulebook.calendar

    def limit(self, stage: Stage, about: About) -> Limit | None:
        return self._book(about).limit(stage, about.issue_type, about.area, about.urgency, loop=about.loop)

    def conditions(self, stage: Stage, about: About) -> tuple[LimitDefined, ...]:
        limits = self._book(about).limits
        return limits.conditions(stage, about.issue_type, about.area, about.urgency, about.loop)

    def _book(self, about: About) -> Rulebook:
        """The rules that the case keeps; before it is filed, today's."""
        return self.rulebook.under(about.edition, about.issue_type)

    def warn_percent(self, stage: Stage, urgency: Urgency) -> int:
        ladder = self.rulebook.ladder(stage, urgency)
        return WARN_PERCENT if ladder is None else ladder.warn_percent

    def rungs(self, stage: Stage, urgency: Urgency) -> tuple[LadderRung, ...]:
        ladder = self.rulebook.ladder(stage, urgency)
        return () if ladder is None else ladder.rungs

    def turn(self, area: Area) -> Turn | None:
        """Whether every hour counts there, and since when it does or does not; None where that never changed.

        Every area around it counts: one emergency ends for a place when the last one around it has ended.
        """
        around = [self.emergencies[found.path] for found in area.ancestors() if found.path in self.emergencies]
        if not around:
            return None
        on = [turn.at for turn in around if turn.is_on]
        return Turn(True, min(on)) if on else Turn(False, max(turn.at for turn in around))
