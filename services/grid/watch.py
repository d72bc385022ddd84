"""What the clock finds: posts that are silent or will be empty, households that wait for their answer too long.

The read tables say where to look; what is said is decided on the streams themselves. Any number of processes may
watch: of two that see the same, one is first, and the other finds it said.
"""

from __future__ import annotations

from datetime import datetime

from services.grid.domain import duty_clock
from services.grid.handlers.duty import watch_post
from services.grid.handlers.visits import watch_visit
from services.grid.queries.duty import open_posts
from services.grid.queries.visits import waiting_too_long
from shared.ports import Appended, EventLog, Rows

AT_ONCE = 200
"""Visits named in one turn; the next turn goes on."""


def look(log: EventLog, rows: Rows, now: datetime) -> int:
    """Say everything that is to be said at this moment; how many events that were."""
    said = 0
    for post, in_emergency in open_posts(rows, None, now):
        if duty_clock.watch(post, now, in_emergency=in_emergency):
            said += _events(watch_post(log, post.post_id, now, in_emergency=in_emergency))
    for visit_id in waiting_too_long(rows, now, AT_ONCE):
        said += _events(watch_visit(log, visit_id, now))
    return said


def _events(appended: Appended | None) -> int:
    return 0 if appended is None else len(appended.event_ids)
