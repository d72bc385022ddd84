"""The sweep of photos: finishes what an erasure began, and takes away what nothing ever named.

Offline, a device sends its photos first and what names them later, and an item may be thirty days old when it comes:
no photo is younger than that, and a day, when it is said to go. Its bytes go a sweep later, once our tables have heard
of everything that was told meanwhile; a photo that was named after all stays. Any number of processes may sweep.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.intake.field.batch import OLDEST
from services.intake.photos import erasing
from shared.contracts.envelope import Actor
from shared.contracts.photo import ErasedWhy, PhotoStored
from shared.handling import Cause
from shared.kernel.wording import Wording
from shared.photos import PhotoStore
from shared.ports import EventLog, Rows

PATIENCE = timedelta(minutes=10)
"""Between saying that an unnamed photo goes and taking it: so long our tables may be behind at most."""
LOOK_BACK = timedelta(days=30)
"""How far back the hourly sweep looks for bytes that linger; an operator's looks at all."""
GRACE = timedelta(days=1)

_ERASED = """
SELECT sha256, erased_why, erased_at FROM photos WHERE erased_at > %(since)s ORDER BY erased_at, sha256 LIMIT %(most)s
"""
_PERSONS = """
SELECT DISTINCT s.subject_id, s.report_id FROM intake.subjects s
JOIN photo_uses u ON u.issue = s.report_id JOIN photos p ON p.sha256 = u.sha256
WHERE s.erased_at IS NOT NULL AND p.erased_at IS NULL ORDER BY 1 LIMIT %(most)s
"""
_UNNAMED = """
SELECT sha256 FROM photos p WHERE erased_at IS NULL AND stored_at < %(before)s
AND NOT EXISTS (SELECT 1 FROM photo_uses u WHERE u.sha256 = p.sha256) ORDER BY stored_at, sha256 LIMIT %(most)s
"""
_USED = "SELECT 1 FROM photo_uses WHERE sha256 = %s LIMIT 1"
_IS_LEVEL = """
SELECT coalesce((SELECT position FROM watermarks WHERE projection = 'photo_uses'), 0) >= coalesce(
    (SELECT position FROM es.feed WHERE recorded_at < %(then)s ORDER BY position DESC LIMIT 1), 0) AS is_level
"""
_WHY = str(Wording("无人引用", "nothing ever named it"))
Step = tuple[str, str]
"""What is done (`finished`, `kept`, `erased`, `unnamed`), and to which photo."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Everything that a sweep needs. With `dry` nothing is changed, and the steps are those that would be taken."""

    log: EventLog
    rows: Rows
    store: PhotoStore
    days: int
    most: int = 200
    dry: bool = False
    everything: bool = False

    def steps(self, at: datetime) -> Iterator[Step]:
        """One for each photo that something is done about. Raises Unavailable without a store or a database."""
        if not self.rows.query(_IS_LEVEL, {"then": at - PATIENCE / 2})[0]["is_level"]:
            return  # Our tables do not know yet who names what; the next sweep is in an hour.
        yield from self._unfinished(at)
        yield from self._of_the_erased(at)
        yield from self._unnamed(at)

    def _unfinished(self, at: datetime) -> Iterator[Step]:
        since = datetime.min.replace(tzinfo=at.tzinfo) if self.everything else at - LOOK_BACK
        for row in self._found(_ERASED, since=since):
            sha256, is_unnamed = row["sha256"], row["erased_why"] == ErasedWhy.NEVER_NAMED
            if not self.store.lingers(sha256) or (is_unnamed and row["erased_at"] > at - PATIENCE):
                continue
            if is_unnamed and self.rows.query(_USED, [sha256]):
                yield from self._kept_after_all(sha256, at)
            elif self.dry or erasing.take_away(self.log, self.store, sha256):
                yield "finished", sha256

    def _kept_after_all(self, sha256: str, at: datetime) -> Iterator[Step]:
        history = self.log.stream(erasing.stream_of(sha256))
        stored = next(one.event for one in reversed(history) if isinstance(one.event, PhotoStored))
        if self.dry or erasing.keep_again(self.log, stored, _ourselves(at)):
            yield "kept", sha256

    def _of_the_erased(self, at: datetime) -> Iterator[Step]:
        """Persons who were erased while nobody listened, or before photos went along."""
        for row in self._found(_PERSONS):
            recorded = self.log.stream(f"subject-{row['subject_id']}")[-1]
            report_id = UUID(str(row["report_id"]))
            if self.dry:
                found = erasing.going(self.log, self.rows, report_id)
                going = [sha256 for sha256 in found if not erasing.is_erased(self.log, sha256)]
            else:
                cause = Cause.reaction("intake.erase_photos", recorded, at)
                going = erasing.erase_of(recorded, self.log, self.rows, self.store, cause)
            yield from (("erased", sha256) for sha256 in going)

    def _unnamed(self, at: datetime) -> Iterator[Step]:
        before = at - max(timedelta(days=self.days), OLDEST) - GRACE
        for row in self._found(_UNNAMED, before=before):
            sha256 = row["sha256"]
            if self.dry or erasing.say(self.log, sha256, ErasedWhy.NEVER_NAMED, _WHY, "intake", _ourselves(at)):
                yield "unnamed", sha256

    def _found(self, statement: str, **wanted: Any) -> list[dict[str, Any]]:
        return self.rows.query(statement, {"most": None if self.everything else self.most, **wanted})


def _ourselves(at: datetime) -> Cause:
    return Cause(actor=Actor.service("intake"), at=at)
