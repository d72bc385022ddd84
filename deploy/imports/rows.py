"""From a row and the mapping to what happened: one issue with its place, kind, department and moments, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from deploy.imports.kinds import KindFinder
from deploy.imports.mapping_parts import Choice, Mapping
from deploy.imports.places import PlaceFinder, Values
from deploy.imports.reading import Row
from deploy.imports.rejects import Reject
from shared.contracts.report import Source
from shared.contracts.shapes import Point
from shared.kernel.area import Area
from shared.kernel.ids import derived_id
from shared.kernel.masking import mask

LONGEST_TEXT = 20_000
"""Characters of words and answers; the rest is cut off, and the sealed original keeps it."""
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One row, understood. Times are in UTC; texts are masked."""

    report_id: UUID
    number: str
    external_number: str
    source: Source
    area: Area
    issue_type: str
    title: str
    words: str
    place: str | None
    point: Point | None
    reported_at: datetime
    target_at: datetime | None
    closed_at: datetime | None
    department: str | None
    answer: str
    original: dict[str, str]
    """Title, words and place as they stood in the file; empty when masking changed nothing."""
    contact: dict[str, str]

    @property
    def is_personal(self) -> bool:
        return bool(self.original or self.contact)


@dataclass
class Reader:
    """Understands rows by a mapping. It also remembers which external numbers it saw: the second one is rejected."""

    mapping: Mapping
    places: PlaceFinder
    kinds: KindFinder
    now: datetime

    def __post_init__(self) -> None:
        self._seen: set[str] = set()
        self._columns = self.mapping.columns()

    def understand(self, row: Row) -> Issue:
        """What the row says. Raises Reject with the reason when it does not say enough."""
        if row.fault is not None:
            raise Reject(row.fault)
        values = row.values
        for name in self._columns - values.keys():
            values[name] = ""
        external = values[self.mapping.fields.external_number].strip()
        reported, target, closed = self._moments(values)
        issue = self._issue(values, external, reported, target, closed)
        if external in self._seen:
            raise Reject(f"{external} stands in the file twice")
        self._seen.add(external)
        return issue

    def _issue(
        self, values: Values, external: str, reported: datetime, target: datetime | None, closed: datetime | None
    ) -> Issue:
        fields, origin = self.mapping.fields, self.mapping.origin
        if not external or len(external) > 80 or not external.isprintable():
            raise Reject(f"{fields.external_number} is {external[:80]!r}, no number to know it by")
        title = _joined(values, fields.title, LONGEST_TITLE)
        words = _joined(values, fields.words, LONGEST_TEXT) or title
        if not title:
            raise Reject(f"{' and '.join(fields.title)} say nothing")
        place = (" ".join(values[fields.place].split())[:200] or None) if fields.place else None
        contact = {part: said for part, column in self.mapping.reporter.items() if (said := values[column].strip())}
        names = (contact["name"],) if "name" in contact else ()
        masked = (mask(title, *names), mask(words, *names), place and mask(place, *names))
        original = {"title": title, "words": words} | ({"place": place} if place else {})
        area = self.places.find(values)
        return Issue(
            report_id=derived_id("report", "import", origin.name, external),
            number=f"{origin.name}:{external}",
            external_number=external,
            source=Source(_chosen(self.mapping.channel, values)),
            area=area,
            issue_type=self.kinds.find(values),
            title=masked[0],
            words=masked[1],
            place=masked[2],
            point=self._point(values),
            reported_at=reported,
            target_at=target,
            closed_at=closed,
            department=self._department(values),
            answer=mask(values[fields.answer].strip()[:LONGEST_TEXT]) if fields.answer else "",
            original=original if masked != (title, words, place) else {},
            contact=contact,
        )

    def _moments(self, values: Values) -> tuple[datetime, datetime | None, datetime | None]:
        times = self.mapping.times
        reported = self._moment(values, times.reported)
        if reported is None:
            raise Reject(f"{times.reported} is empty: when it was reported is not known")
        target = self._moment(values, times.target) if times.target else None
        closed = self._closed(values)
        if reported > self.now or (closed is not None and closed > self.now):
            raise Reject("it is dated in the future")
        if closed is not None and closed < reported:
            raise Reject("it was closed before it was reported")
        return reported, target, closed

    def _closed(self, values: Values) -> datetime | None:
        column = self.mapping.times.closed
        closed = self._moment(values, column) if column else None
        if self.mapping.status is None:
            return closed
        is_closed = _chosen(self.mapping.status, values) == "closed"
        if is_closed and closed is None:
            raise Reject("it is closed, and does not say when")
        return closed if is_closed else None

    def _moment(self, values: Values, column: str) -> datetime | None:
        said = values[column].strip()
        if not said:
            return None
        for form in self.mapping.times.formats:
            try:
                found = datetime.strptime(said, form)  # noqa: DTZ007 (the zone is the mapping's, on the next line)
                return (found if found.tzinfo else found.replace(tzinfo=self.mapping.times.zone)).astimezone(UTC)
            except (ValueError, OverflowError):
                continue
        raise Reject(f"{column} is {said[:40]!r}, which no format of the mapping reads")

    def _department(self, values: Values) -> str | None:
        rules = self.mapping.departments
        said = values[rules.column].strip() if rules else ""
        if rules is None or not said:
            return None
        code = rules.codes.get(said)
        if code is None:
            raise Reject(f"the table of departments does not know {said[:60]!r}")
        return code

    def _point(self, values: Values) -> Point | None:
        if self.mapping.point is None:
            return None
        lat, lon = (values[column].strip() for column in self.mapping.point)
        if not lat or not lon:
            return None
        try:
            point = Point(lat=float(lat), lon=float(lon))
        except ValueError:
            raise Reject(f"{lat[:20]!r}, {lon[:20]!r} is no position") from None
        if not (-90 <= point.lat <= 90 and -180 <= point.lon <= 180):
            raise Reject(f"{lat}, {lon} is no place on earth")
        return None if point.lat == 0 and point.lon == 0 else point


def _joined(values: Values, columns: tuple[str, ...], most: int) -> str:
    said = [values[column].replace("\x1f", " ").strip() for column in columns]
    return "\n".join(text for text in said if text)[:most]


def _chosen(choice: Choice, values: Values) -> str:
    said = values[choice.column].strip() if choice.column else ""
    found = choice.table.get(said, choice.otherwise)
    if found is None:
        raise Reject(f"the table of {choice.column} does not know {said[:60]!r}")
    return found
