"""The rules of this moment, for one process: the rulebook, and from our own tables who stands where and what is on."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.dispatch.clocks.posts import Holder, Posts
from services.dispatch.clocks.rules import Rules, Turn
from services.dispatch.rulebooks import RulebookMemory
from shared import rosters
from shared.contracts.appointment import Post
from shared.kernel.duty_hours import Rosters
from shared.kernel.errors import Unavailable
from shared.ports import Rows

_FRESH = timedelta(seconds=1)
_ARE_THERE = """
SELECT to_regclass('emergencies') IS NOT NULL AND to_regclass('posts') IS NOT NULL
   AND to_regclass('desk_shifts') IS NOT NULL AS are_there
"""
_STANDING = """
SELECT coalesce((SELECT max(position) FROM emergencies), 0) + coalesce((SELECT max(position) FROM posts), 0) AS edition
"""


class Present:
    """One per process. Asks the tables at most once a second whether something changed."""

    def __init__(self, rulebooks: RulebookMemory | None = None) -> None:
        self.rulebooks = rulebooks or RulebookMemory()
        self._found: tuple[dict[str, Turn], Posts, Rosters] | None = None
        self._edition = -1
        self._asked_at: datetime | None = None

    def rules(self, rows: Rows, at: datetime) -> Rules:
        """The rules as they are. Raises Unavailable before there are any."""
        rulebook = self.rulebooks.recall(rows, at)
        if self._found is None or self._asked_at is None or at - self._asked_at >= _FRESH:
            self._found, self._asked_at = self._look(rows, at), at
        return Rules(rulebook, *self._found)

    def _look(self, rows: Rows, at: datetime) -> tuple[dict[str, Turn], Posts, Rosters]:
        if self._found is None and not rows.query(_ARE_THERE)[0]["are_there"]:
            raise Unavailable("who stands where has not been projected yet")
        edition = int(rows.query(_STANDING)[0]["edition"]) + rosters.edition(rows)
        if self._found is not None and edition == self._edition:
            return self._found
        self._edition = edition
        return _emergencies(rows), _posts(rows), rosters.read(rows, at)


def _emergencies(rows: Rows) -> dict[str, Turn]:
    found = rows.query("SELECT area, is_on, turned_at FROM emergencies")
    return {row["area"]: Turn(row["is_on"], row["turned_at"]) for row in found}


def _posts(rows: Rows) -> Posts:
    found = rows.query("SELECT area, post, person, since, until FROM posts ORDER BY since, appointment_id")
    return Posts.of(
        (row["area"], Holder(Post(row["post"]), row["person"], row["since"], row["until"])) for row in found
    )
