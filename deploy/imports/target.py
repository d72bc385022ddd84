"""Where an import goes: the log as the importer and, for what the rows lead to, as the owning services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from deploy.imports.mapping_parts import Mapping
from deploy.imports.rows import Issue
from services.intake.domain import Told
from services.intake.vault import seal
from shared.contracts.area import AreaCreated
from shared.contracts.envelope import Actor, Recorded
from shared.contracts.report import Urgency
from shared.contracts.rulebook import DepartmentRegistered, IssueTypeDefined
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.ids import derived_id
from shared.ports import Append, Appended, Happening, Rows
from shared.security.sealing import Sealer

OPERATOR = Actor("importer", "operator")


class BulkLog(Protocol):
    """What an import needs of the log."""

    def stream(self, stream: str) -> list[Recorded[Any]]:
        """All events of one stream."""

    def about(self, correlation_id: UUID) -> list[Recorded[Any]]:
        """Every event with that correlation id."""

    def bulk_append(self, appends: Sequence[Append]) -> list[Appended | Exception]:
        """Store many at once; an error in the place of each that failed."""


@dataclass
class Target:
    """The log in four roles, intake's own tables, and what seals."""

    importer: BulkLog
    grid: BulkLog
    dispatch: BulkLog
    importer_rows: Rows
    intake_rows: Rows
    sealer: Sealer

    # --- what is there already ----------------------------------------------------------------------------------

    def areas(self, district: Area) -> list[AreaCreated]:
        """The areas that earlier imports made in the district."""
        found = self.grid.about(_areas_id(district))
        return [recorded.event for recorded in found if isinstance(recorded.event, AreaCreated)]

    def kinds(self, prefix: str) -> list[IssueTypeDefined]:
        """The issue types that earlier imports made under the letter."""
        found = self.dispatch.about(_kinds_id(prefix))
        return [recorded.event for recorded in found if isinstance(recorded.event, IssueTypeDefined)]

    def known(self, streams: Sequence[str]) -> set[str]:
        """Which of the streams exist."""
        rows = self.importer_rows.query("SELECT stream FROM es.streams WHERE stream = ANY (%s)", [list(streams)])
        return {row["stream"] for row in rows}

    def require_reference(self, mapping: Mapping) -> None:
        """Raises Invalid when rows are to come into a district that was never loaded."""
        district = mapping.places.district
        if mapping.places.by != "levels" and not self.grid.stream(f"area-{district}"):
            raise Invalid(
                f"the district {district} is not in the log yet",
                where="area.district",
                hint="load the reference data first: wuji import reference",
            )

    # --- what is added ------------------------------------------------------------------------------------------

    def add_departments(self, mapping: Mapping, at: datetime) -> None:
        """Register the departments that the mapping names; those that are known stay as they are."""
        rules = mapping.departments
        lines = [
            DepartmentRegistered(code=code, name=name, name_en=name_en, contact=None)
            for code, (name, name_en) in (rules.names if rules else {}).items()
        ]
        about = derived_id("imported departments", mapping.origin.name)
        appends = [_new(f"rulebook-department-{line.code}", line, mapping.places.district, about, at) for line in lines]
        for answer in self.dispatch.bulk_append(appends):
            if isinstance(answer, Exception) and not isinstance(answer, Conflict):
                raise answer

    def add_areas(self, areas: Sequence[AreaCreated], district: Area, at: datetime) -> None:
        """Make areas, parents first."""
        about = _areas_id(district)
        appends = [_new(f"area-{area.path}", area, Area(area.path), about, at) for area in areas]
        _all_new(self.grid.bulk_append(appends))

    def add_kinds(self, kinds: Sequence[IssueTypeDefined], prefix: str, district: Area, at: datetime) -> None:
        """Make issue types."""
        about = _kinds_id(prefix)
        appends = [_new(f"rulebook-issue_type-{kind.code}", kind, district, about, at) for kind in kinds]
        _all_new(self.dispatch.bulk_append(appends))

    def add_sealed(self, issues: Sequence[Issue], at: datetime) -> None:
        """Seal contacts and original words. Done before the events, so that no event points to nothing."""
        sealed = [seal(self.sealer, _told(issue), _subject(issue), issue.report_id, at) for issue in issues]
        if not sealed:
            return
        one = "(" + ", ".join(["%s"] * len(sealed[0].row)) + ")"
        statement = sealed[0].statement.replace("VALUES %s", "VALUES " + ", ".join([one] * len(sealed)))
        values = [str(value) if isinstance(value, UUID) else value for row in sealed for value in row.row]
        self.intake_rows.execute(statement, values)


def _areas_id(district: Area) -> UUID:
    return derived_id("imported areas", district.path)


def _kinds_id(prefix: str) -> UUID:
    return derived_id("imported issue types", prefix)


def _subject(issue: Issue) -> UUID:
    return derived_id("subject", issue.report_id)


def _new(stream: str, event: object, area: Area, about: UUID, at: datetime) -> Append:
    return Append(
        stream=stream, expected=0, happenings=(Happening(event, at),), area=area, actor=OPERATOR, correlation_id=about
    )


def _all_new(answers: Sequence[Appended | Exception]) -> None:
    for answer in answers:
        if isinstance(answer, Conflict):
            raise Conflict(
                "somebody else is making the same areas or issue types right now",
                hint="let the other import finish, then run this one again: it goes on where it stopped",
            ) from answer
        if isinstance(answer, Exception):
            raise answer


def _told(issue: Issue) -> Told:
    original = issue.original or {"title": issue.title, "words": issue.words}
    return Told(
        area=issue.area,
        source=issue.source,
        issue_type=issue.issue_type,
        urgency=Urgency.NORMAL,
        title=original["title"],
        words=original["words"],
        place=original.get("place", issue.place),
        point=issue.point,
        name=issue.contact.get("name"),
        phone=issue.contact.get("phone"),
        email=issue.contact.get("email"),
        external_number=issue.external_number,
    )
