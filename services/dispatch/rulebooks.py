"""The rulebook in memory: read whole from the projected lines, and again only when one of them has changed.

Cases keep the edition under which they were filed, so older editions are kept as well, as many as are asked for at a
time; an edition never changes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.dispatch.domain.editions import Policy, governing, policy_of
from services.dispatch.domain.kept import kept
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts import catalogue, codec
from shared.kernel.errors import Unavailable
from shared.ports import Rows

EDITIONS = 32
"""How many older editions are kept in memory."""
_CHECK_EVERY = timedelta(seconds=1)
_IS_THERE = "SELECT to_regclass('watermarks') IS NOT NULL AND to_regclass('lines') IS NOT NULL AS is_there"
_STANDING = """
SELECT (SELECT position FROM watermarks WHERE projection = 'rulebook') AS watermark,
       (SELECT max(position) FROM lines) AS edition
"""
_LINES = """
SELECT DISTINCT ON (kind, name) type, version, body, is_withdrawn FROM lines
WHERE position <= %(edition)s AND kind <> 'policy' ORDER BY kind, name, position DESC
"""
_POLICIES = """
SELECT min(position) AS since, (array_agg(version ORDER BY position DESC))[1] AS version,
       (array_agg(body ORDER BY position DESC))[1] AS body
FROM lines WHERE kind = 'policy' GROUP BY name ORDER BY 1
"""
_NEEDED = ("department.registered", "issue_type.defined", "calendar.published")
_EARLIER = "SELECT max(position) AS edition FROM lines WHERE position <= %(edition)s"


@dataclass(frozen=True, slots=True)
class _Held:
    newest: Rulebook
    policies: tuple[Policy, ...]
    edition: int
    watermark: int
    checked_at: datetime


class RulebookMemory:
    """One per process. Asks the tables at most once a second whether something changed."""

    def __init__(self) -> None:
        self._held: _Held | None = None
        self._editions: OrderedDict[int, Rulebook] = OrderedDict()
        self._present: tuple[Rulebook, int, Rulebook] | None = None

    def of(self, rows: Rows) -> ProjectedRulebooks:
        """The same memory, filled through this access to the tables."""
        return ProjectedRulebooks(self, rows)

    def recall(self, rows: Rows, at: datetime, position: int = 0) -> Rulebook:
        """The rulebook as of the position or later, at most a second old otherwise. Raises Unavailable.

        While a policy is announced that is not in force yet, its lines are not in it.
        """
        held = self._held
        if held is None or held.watermark < position or at - held.checked_at >= _CHECK_EVERY:
            held = self._held = self._looked(rows, at)
        if held.watermark < position:
            raise Unavailable(f"the rulebook stands at position {held.watermark}, this needs {position}", retry_after=1)
        return self._in_force(rows, held, at)

    def policies(self, rows: Rows, at: datetime) -> tuple[Policy, ...]:
        """Every policy that was ever adopted, the oldest first."""
        self.recall(rows, at)
        return () if self._held is None else self._held.policies

    def edition(self, rows: Rows, edition: int) -> Rulebook:
        """The rulebook as it had been written up to that place. Raises Unavailable."""
        found = self._editions.pop(edition, None)
        if found is None:
            held = self._held
            found = replace(_read(rows, edition), policy=policy_of(held.policies if held else (), edition))
        self._editions[edition] = found
        while len(self._editions) > EDITIONS:
            self._editions.popitem(last=False)
        return found

    def _in_force(self, rows: Rows, held: _Held, at: datetime) -> Rulebook:
        """What new cases are filed under; the same object as long as it says the same."""
        limit = governing(held.policies, held.edition, held.newest.calendar.local(at).date())
        known = self._present
        if known is not None and known[0] is held.newest and known[1] == limit:
            return known[2]
        present = held.newest
        if limit < held.edition:
            then = self.edition(rows, int(rows.query(_EARLIER, {"edition": limit})[0]["edition"] or 0))
            # Who is named in the lines that still hold is there as long as they do.
            departments = {**then.departments, **present.departments}
            present = replace(kept(present, then), departments=departments, today=None)
        self._present = (held.newest, limit, present)
        return present

    def _looked(self, rows: Rows, at: datetime) -> _Held:
        held = self._held
        if held is None and not rows.query(_IS_THERE)[0]["is_there"]:
            raise Unavailable("the rulebook has not been projected yet")
        standing = rows.query(_STANDING)[0]
        watermark, edition = standing["watermark"] or 0, standing["edition"] or 0
        if held is not None and held.edition == edition:
            return replace(held, watermark=watermark, checked_at=at)
        policies = _policies(rows)
        newest = replace(_read(rows, edition), policy=policy_of(policies, edition), past=_Past(self, rows))
        self._editions.clear()  # A policy may be worded anew, and editions name theirs.
        return _Held(newest, policies, edition, watermark, at)


@dataclass(frozen=True, slots=True)
class _Past:
    """Where a rulebook finds older ones: `services.dispatch.domain.rulebook.Editions`."""

    memory: RulebookMemory
    rows: Rows

    def as_of(self, edition: int) -> Rulebook:
        return self.memory.edition(self.rows, edition)


@dataclass(frozen=True, slots=True)
class ProjectedRulebooks:
    """What handlers and reactions ask: `services.dispatch.handlers.Rulebooks`, answered from the tables."""

    memory: RulebookMemory
    rows: Rows

    def current(self, at: datetime) -> Rulebook:
        return self.memory.recall(self.rows, at)

    def as_of(self, position: int, at: datetime) -> Rulebook:
        return self.memory.recall(self.rows, at, position)

    def policies(self, at: datetime) -> tuple[Policy, ...]:
        return self.memory.policies(self.rows, at)


def _read(rows: Rows, edition: int) -> Rulebook:
    catalogue.load()
    found = rows.query(_LINES, {"edition": edition})
    lines: list[Any] = [
        codec.revive(row["type"], row["version"], row["body"]) for row in found if not row["is_withdrawn"]
    ]
    there = {row["type"] for row in found if not row["is_withdrawn"]}
    missing = [name for name in _NEEDED if name not in there]
    if missing:
        raise Unavailable(f"the rulebook has no {' and no '.join(missing)} yet")
    return replace(Rulebook.of(lines), edition=edition)


def _policies(rows: Rows) -> tuple[Policy, ...]:
    catalogue.load()
    return tuple(
        Policy(row["since"], codec.revive("policy.adopted", row["version"], row["body"]))  # type: ignore[arg-type]
        for row in rows.query(_POLICIES)
    )
