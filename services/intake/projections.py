"""From events to what intake looks up: places, kinds, departments, the reports themselves, and how far each one is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.intake.outlines import OUTLINES
from services.intake.photos.projections import USING, apply_photos, apply_uses
from shared import accounts
from shared.contracts import catalogue
from shared.contracts.area import AreaCreated, AreaRenamed
from shared.contracts.case import (
    CaseArchived,
    CaseClosed,
    CaseDispatched,
    CaseDispatchRecalled,
    CaseLevelLowered,
    CaseLevelRaised,
    CaseMerged,
    CaseRejected,
    CaseReopened,
    CaseSuspended,
    CaseTransferredOut,
    CaseUnmerged,
    TaskReturned,
)
from shared.contracts.envelope import Recorded
from shared.contracts.report import (
    ReportAccepted,
    ReportAppealed,
    ReportMerged,
    ReportRejected,
    ReportSelfHandled,
    ReportSubmitted,
    ReportUnmerged,
    ReportVerificationRequested,
    ReportVerified,
)
from shared.contracts.rulebook import DepartmentRegistered, IssueTypeDefined, IssueTypeWithdrawn
from shared.contracts.subject import SubjectErased
from shared.kernel.case_states import State, target
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]

_ISSUE = frozenset(name for name, found in catalogue.load().items() if found.category in ("report", "case")) - {
    "report.recurred"
}
"""Everything that may happen to an issue, from the first word to the archive; that it is back moves it nowhere."""

ERASED = "[已删除]"

OPENLY = "open311"
"""The role of programs through which people report in public: they publish what is told to them."""


def issue_group(issue_type: str) -> str:
    """The group of an issue type: `E-01` of `E-01-02`."""
    return issue_type.rpartition("-")[0] or issue_type


def _apply_areas(batch: Batch, cursor: Cursor) -> None:
    known = {row["path"]: row for row in _known_areas(batch, cursor)}
    for recorded in batch.events:
        event: AreaCreated | AreaRenamed = recorded.event
        tier = event.path.count(".") + 1
        row = known.setdefault(event.path, {"path": event.path, "name": "", "tier": tier, "lat": None, "lon": None})
        row["name"] = event.name
        if isinstance(event, AreaCreated) and event.centre is not None:
            row.update(lat=event.centre.lat, lon=event.centre.lon)
    upsert(cursor, "areas", ("path",), list(known.values()))


def _known_areas(batch: Batch, cursor: Cursor) -> list[Row]:
    """The places that are renamed: all else about them stays."""
    renamed = sorted({recorded.event.path for recorded in batch.events if isinstance(recorded.event, AreaRenamed)})
    return select(cursor, "SELECT * FROM areas WHERE path = ANY (%(paths)s)", {"paths": renamed}) if renamed else []


def _apply_issue_types(batch: Batch, cursor: Cursor) -> None:
    kinds: dict[str, Row] = {}
    withdrawn: set[str] = set()
    for recorded in batch.events:
        event: IssueTypeDefined | IssueTypeWithdrawn = recorded.event
        if isinstance(event, IssueTypeWithdrawn):
            withdrawn.add(event.code)
            continue
        withdrawn.discard(event.code)
        kinds[event.code] = {
            "code": event.code,
            "name": event.name,
            "name_en": event.name_en,
            "group_name": event.group,
            "keywords": list(event.keywords),
            "limit_amount": None if event.limit is None else event.limit.amount,
            "limit_unit": None if event.limit is None else event.limit.unit.value,
            "needs_verification": event.needs_verification,
            "is_withdrawn": False,
        }
    upsert(cursor, "issue_types", ("code",), list(kinds.values()))
    # Its row stays: reports of that kind are still to be called by its name.
    cursor.execute("UPDATE issue_types SET is_withdrawn = true WHERE code = ANY (%s)", [sorted(withdrawn)])


def _apply_departments(batch: Batch, cursor: Cursor) -> None:
    found: dict[str, Row] = {}
    for recorded in batch.events:
        event: DepartmentRegistered = recorded.event
        found[event.code] = {"code": event.code, "name": event.name, "name_en": event.name_en}
    upsert(cursor, "departments", ("code",), list(found.values()))


def issue_of(recorded: Recorded[Any]) -> UUID:
    """The report that an event of a report or case stream is about: a case has its report's id."""
    event = recorded.event
    found: UUID = event.report_id if hasattr(event, "report_id") else event.case_id
    return found


def _apply_reports(batch: Batch, cursor: Cursor) -> None:
    rows = _touched(batch.events, cursor)
    for recorded in batch.events:
        if isinstance(recorded.event, SubjectErased):
            for row in rows.values():
                if row["subject_id"] == str(recorded.event.subject_id):
                    row.update(title=ERASED, words=ERASED, place=None)
        elif isinstance(recorded.event, ReportSubmitted):
            rows[str(recorded.event.report_id)] = new_row(recorded)
        elif (known := rows.get(str(issue_of(recorded)))) is not None:
            move(known, recorded)
    upsert(cursor, "reports", ("report_id",), list(rows.values()))


def _touched(events: Iterable[Recorded[Any]], cursor: Cursor) -> dict[str, Row]:
    """The rows that the batch may change, as they are; ids as text."""
    issues, subjects = set(), set()
    for recorded in events:
        if isinstance(recorded.event, SubjectErased):
            subjects.add(str(recorded.event.subject_id))
        elif not isinstance(recorded.event, ReportSubmitted):
            issues.add(str(issue_of(recorded)))
    if not issues and not subjects:
        return {}
    found = select(
        cursor,
        """
        SELECT * FROM reports WHERE report_id = ANY (%(issues)s::uuid[])
        UNION ALL
        SELECT * FROM reports
        WHERE subject_id = ANY (%(subjects)s::uuid[]) AND report_id <> ALL (%(issues)s::uuid[])
        """,
        {"issues": sorted(issues), "subjects": sorted(subjects)},
    )
    for row in found:
        for name in ("report_id", "subject_id", "merged_into"):
            row[name] = None if row[name] is None else str(row[name])
    return {row["report_id"]: row for row in found}


def new_row(recorded: Recorded[ReportSubmitted]) -> Row:
    """A report's row as it starts."""
    event = recorded.event
    return {
        "report_id": str(event.report_id),
        "number": event.number,
        "area": recorded.area.path,
        "state": State.REPORTED.value,
        "is_open": True,
        "is_waiting": True,
        "found": None,
        "source": event.source.value,
        "issue_type": event.issue_type,
        "issue_group": issue_group(event.issue_type),
        "urgency": event.urgency.value,
        "title": event.title,
        "words": event.words,
        "place": event.place,
        "lat": None if event.point is None else event.point.lat,
        "lon": None if event.point is None else event.point.lon,
        "subject_id": None if event.subject_id is None else str(event.subject_id),
        "merged_into": None,
        "reported_at": recorded.occurred_at,
        "told_openly": event.openly or recorded.actor.role == OPENLY,
        "department": None,
        "due_at": None,
        "outcome": None,
        "photos": list(event.photos),
        "appealed": False,
        "assignee": None,
        "closed_at": None,
        "updated_at": recorded.occurred_at,
    }


def move(row: Row, recorded: Recorded[Any]) -> None:
    """Where the event takes the report; what the table of states does not know leaves it where it is."""
    back_to = getattr(recorded.event, "back_to", None)
    state = target(State(row["state"]), recorded.type, back_to) or State(row["state"])
    row["state"] = state.value
    row["is_open"] = state.is_open
    waiting = state in (State.REPORTED, State.VERIFYING)
    match recorded.event:
        case ReportAccepted() | ReportSelfHandled():
            waiting = False
        case ReportMerged(into=into) | CaseMerged(into=into):
            row["merged_into"] = str(into)
        case ReportUnmerged() | CaseUnmerged():
            row["merged_into"] = None
        case _:
            _look(row, recorded.event)
            _move_case(row, recorded)
    row["is_waiting"] = waiting
    if not isinstance(recorded.event, CaseArchived):
        # A settled issue was last changed when it was settled; the archive is our own business.
        row["updated_at"] = max(row["updated_at"], recorded.occurred_at)


def _look(row: Row, event: object) -> None:
    """Who is to look, and what was seen."""
    match event:
        case ReportVerificationRequested(assignee=assignee):
            row.update(assignee=assignee)
        case ReportVerified(found=found):
            row.update(found=found)
        case ReportAppealed():
            row.update(found=None, assignee=None, appealed=True, outcome=None)
        case _:
            pass


def _move_case(row: Row, recorded: Recorded[Any]) -> None:
    """Who has it, until when, and what came of it."""
    match recorded.event:
        case CaseDispatched(department=department, due_at=due_at):
            row.update(department=department, due_at=due_at)
        case TaskReturned():
            row.update(department=None)
        case CaseReopened():
            row.update(department=None, due_at=None, outcome=None, closed_at=None)
        case CaseDispatchRecalled() | CaseLevelRaised() | CaseLevelLowered() | CaseTransferredOut():
            row.update(department=None, due_at=None)
        case ReportRejected(reason=outcome) | CaseRejected(reason=outcome):
            row.update(outcome=outcome)
        case CaseClosed(answer=outcome):
            row.update(outcome=outcome, closed_at=recorded.occurred_at)
        case _:
            pass


def _apply_progress(batch: Batch, cursor: Cursor) -> None:
    rows = [
        {
            "report_id": str(issue_of(recorded)),
            "position": recorded.position,
            "type": recorded.type,
            "note": _note(recorded.event),
            "happened_at": recorded.occurred_at,
        }
        for recorded in batch.events
    ]
    upsert(cursor, "milestones", ("report_id", "position"), rows)


def _note(event: object) -> dict[str, str]:
    """What the sentence about this milestone quotes."""
    match event:
        case ReportRejected(reason=reason) | CaseRejected(reason=reason) | CaseSuspended(reason=reason):
            return {"reason": reason}
        case ReportMerged(into=into) | CaseMerged(into=into):
            return {"into": str(into)}
        case CaseDispatched(department=department, due_at=due_at):
            return {"department": department} | ({} if due_at is None else {"due_at": due_at.isoformat()})
        case CaseClosed(answer=answer):
            return {"answer": answer}
        case _:
            named: str | None = getattr(event, "department", None)
            return {} if named is None else {"department": named}


_PHOTO = frozenset({"photo.stored", "photo.erased"})
PROJECTIONS: tuple[Projection, ...] = (
    accounts.projection("intake"),
    OUTLINES,
    Projection(
        "areas",
        "intake",
        tables_of(__file__, "areas"),
        frozenset({"area.created", "area.renamed"}),
        _apply_areas,
    ),
    Projection(
        "issue_types",
        "intake",
        tables_of(__file__, "issue_types"),
        frozenset({"issue_type.defined", "issue_type.withdrawn"}),
        _apply_issue_types,
    ),
    Projection(
        "departments",
        "intake",
        tables_of(__file__, "departments"),
        frozenset({"department.registered"}),
        _apply_departments,
    ),
    Projection("reports", "intake", tables_of(__file__, "reports"), _ISSUE | {"subject.erased"}, _apply_reports),
    Projection("progress", "intake", tables_of(__file__, "progress"), _ISSUE, _apply_progress),
    Projection(
        "photos", "intake", tables_of(__file__, "photos"), frozenset({"photo.stored", "photo.erased"}), apply_photos
    ),
    Projection("photo_uses", "intake", tables_of(__file__, "photo_uses"), USING, apply_uses),
)
