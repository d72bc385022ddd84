"""What the report door keeps in memory, so that a report costs one trip to the database: places, kinds, numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from threading import Lock
from time import monotonic

from services.intake import domain
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, Unavailable
from shared.photos import PhotoStore, hash_of
from shared.ports import Rows
from shared.security.sealing import Sealer

_BLOCK = 200
"""Numbers fetched at once: the row that counts them is then locked once in 200 reports."""
REMEMBERED = 30.0
"""Seconds for which an issue type is known without asking again: it may be withdrawn."""


class Desk:
    """One per process. Places never disappear, so that one that was found is never asked for again."""

    def __init__(
        self, rows: Rows, sealer: Sealer, link_key: bytes, public_url: str, photos: PhotoStore | None = None
    ) -> None:
        self.sealer = sealer
        self.link_key = link_key
        self.public_url = public_url.rstrip("/")
        self.rows = rows
        self._photos = photos
        self._areas: set[str] = set()
        self._issue_types: dict[str, float] = {}
        self._blocks: dict[tuple[str, date], Iterator[int]] = {}
        self._taking = Lock()

    def know_area(self, area: Area) -> None:
        """Raises Invalid when there is no such place."""
        if area.path in self._areas:
            return
        if not self.rows.query("SELECT 1 AS known FROM intake.areas WHERE path = %s", [area.path]):
            raise Invalid(f"there is no area {area}", where="area", hint="ask /api/v1/areas for the places we know")
        self._areas.add(area.path)

    def know_issue_type(self, code: str) -> None:
        """Raises Invalid when there is no such kind of issue, or none any more."""
        now = monotonic()
        if now - self._issue_types.get(code, -REMEMBERED) < REMEMBERED:
            return
        known = "SELECT 1 AS known FROM intake.issue_types WHERE code = %s AND NOT is_withdrawn"
        if not self.rows.query(known, [code]):
            raise Invalid(
                f"there is no issue type {code}",
                where="issue_type",
                hint="ask /api/v1/issue-types for the kinds we know",
            )
        self._issue_types[code] = now

    @property
    def photos(self) -> PhotoStore:
        """Where photos are kept. Raises Unavailable when no place was named."""
        if self._photos is None:
            raise Unavailable("there is no place for photos: WUJI_PHOTO_DIR names one")
        return self._photos

    def know_photos(self, references: Iterable[str], where: str = "photos") -> None:
        """Raises Invalid naming those that were never sent."""
        named = {reference: hash_of(reference) for reference in references}
        missing = sorted(one for one, sha256 in named.items() if sha256 is None or not self.photos.exists(sha256))
        if missing:
            raise Invalid(
                f"we have no {', '.join(missing[:3])}",
                where=where,
                hint="send the picture to /api/v1/photos first",
                errors={where: missing},
            )

    def number(self, area: Area, at: datetime) -> str:
        """The next tracking number of the district and day. Numbers of a block that is not used up are never given."""
        district, day = area.path[:6], domain.civil_day(at)
        with self._taking:
            block = self._blocks.get((district, day))
            sequence = None if block is None else next(block, None)
            if sequence is None:
                sequence = next(self._reserve(district, day))
        return domain.tracking_number(day, district, sequence)

    def _reserve(self, district: str, day: date) -> Iterator[int]:
        for key in [key for key in self._blocks if key[1] < day]:
            del self._blocks[key]
        found = self.rows.query(
            """
            INSERT INTO intake.number_blocks AS taken (district, day, next) VALUES (%(district)s, %(day)s, 1 + %(size)s)
            ON CONFLICT (district, day) DO UPDATE SET next = taken.next + %(size)s
            RETURNING next - %(size)s AS first
            """,
            {"district": district, "day": day, "size": _BLOCK},
        )
        first: int = found[0]["first"]
        self._blocks[district, day] = block = iter(range(first, first + _BLOCK))
        return block
