"""When somebody may be told: in working hours, while their desk is staffed, or at once where every hour counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared import rosters
from shared.contracts import codec
from shared.kernel.area import Area
from shared.kernel.duty_hours import next_duty
from shared.kernel.working_calendar import Calendar
from shared.ports import Rows

_EMERGENCY = "SELECT 1 FROM emergencies WHERE area = ANY (%(around)s) LIMIT 1"
_CALENDARS = "SELECT version, body FROM calendars"


class Hours(Protocol):
    """Asked once for each letter that need not be read at once."""

    def may_tell(self, centre: Area | None, about: Area, at: datetime) -> datetime:
        """The first instant, `at` itself perhaps, at which the centre may be told of what happened at `about`."""


@dataclass(frozen=True, slots=True)
class ProjectedHours:
    """From notify's own tables. Where no calendar was ever published there are no hours to keep."""

    rows: Rows

    def may_tell(self, centre: Area | None, about: Area, at: datetime) -> datetime:
        if self.rows.query(_EMERGENCY, {"around": [found.path for found in about.ancestors()]}):
            return at
        published: list[Any] = [
            codec.revive("calendar.published", row["version"], row["body"]) for row in self.rows.query(_CALENDARS)
        ]
        if not published:
            return at
        return next_duty(at, Calendar.of(published), rosters.read(self.rows, at), centre)
