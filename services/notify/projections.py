"""From events to what notify looks up: whose report is whose, where departments are reached, what became of notices."""

from __future__ import annotations

from typing import Any

from services.notify.standing import AREA_NAMES, CALENDARS, PEOPLE
from shared import accounts, rosters
from shared.contracts.case import CaseMerged, CaseUnmerged
from shared.contracts.emergency import EmergencyEnded, EmergencyStarted
from shared.contracts.envelope import Recorded
from shared.contracts.notice import NoticeDelivered, NoticeFailed, NoticeRequested
from shared.contracts.report import ReportMerged, ReportSubmitted, ReportUnmerged
from shared.contracts.rulebook import DepartmentRegistered
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]


def _apply_reporters(batch: Batch, cursor: Cursor) -> None:
    told = [recorded.event for recorded in batch.events if isinstance(recorded.event, ReportSubmitted)]
    upsert(
        cursor,
        "reporters",
        ("report_id",),
        [
            {"report_id": one.report_id, "subject_id": one.subject_id, "number": one.number, "merged_into": None}
            for one in told
        ],
    )
    for recorded in batch.events:
        event = recorded.event
        if isinstance(event, ReportMerged | ReportUnmerged | CaseMerged | CaseUnmerged):
            into = str(event.into) if isinstance(event, ReportMerged | CaseMerged) else None
            # A case has the id of the report that it was filed from.
            own = event.report_id if isinstance(event, ReportMerged | ReportUnmerged) else event.case_id
            cursor.execute("UPDATE reporters SET merged_into = %s WHERE report_id = %s", [into, str(own)])


def _apply_departments(batch: Batch, cursor: Cursor) -> None:
    found: dict[str, Row] = {}
    for recorded in batch.events:
        event: DepartmentRegistered = recorded.event
        found[event.code] = {
            "code": event.code,
            "name": event.name,
            "name_en": event.name_en,
            "contact": event.contact,
        }
    upsert(cursor, "departments", ("code",), list(found.values()))


def _apply_notices(batch: Batch, cursor: Cursor) -> None:
    ids = sorted({str(recorded.event.notice_id) for recorded in batch.events})
    known = select(cursor, "SELECT * FROM notices WHERE notice_id = ANY (%s::uuid[])", [ids])
    rows: dict[str, Row] = {str(row["notice_id"]): row for row in known}
    for recorded in batch.events:
        _take(rows, recorded)
    upsert(cursor, "notices", ("notice_id",), list(rows.values()))


def _take(rows: dict[str, Row], recorded: Recorded[Any]) -> None:
    event: NoticeRequested | NoticeDelivered | NoticeFailed = recorded.event
    if isinstance(event, NoticeRequested):
        rows[str(event.notice_id)] = {
            "notice_id": event.notice_id,
            "template": event.template,
            "recipient_kind": event.recipient_kind.value,
            "recipient": event.recipient,
            "channel": event.channel,
            "about": event.about,
            "area": recorded.area.path,
            "state": "requested",
            "reason": None,
            "requested_at": recorded.occurred_at,
            "settled_at": None,
            "quoted": event.values,
            "not_before": event.not_before,
        }
    elif (row := rows.get(str(event.notice_id))) is not None:
        failed = isinstance(event, NoticeFailed)
        row["state"] = "failed" if failed else "delivered"
        row["reason"] = event.reason if isinstance(event, NoticeFailed) else None
        row["settled_at"] = recorded.occurred_at


def _apply_emergencies(batch: Batch, cursor: Cursor) -> None:
    for recorded in batch.events:
        event: EmergencyStarted | EmergencyEnded = recorded.event
        if isinstance(event, EmergencyStarted):
            upsert(cursor, "emergencies", ("area",), [{"area": event.area, "templates": event.templates}])
        else:
            cursor.execute("DELETE FROM emergencies WHERE area = %s", (event.area,))


PROJECTIONS: tuple[Projection, ...] = (
    accounts.projection("notify"),
    Projection(
        "reporters",
        "notify",
        tables_of(__file__, "reporters"),
        frozenset({"report.submitted", "report.merged", "report.unmerged", "case.merged", "case.unmerged"}),
        _apply_reporters,
        revision=2,
    ),
    Projection(
        "departments",
        "notify",
        tables_of(__file__, "departments"),
        frozenset({"department.registered"}),
        _apply_departments,
    ),
    Projection(
        "notices",
        "notify",
        tables_of(__file__, "notices"),
        frozenset({"notice.requested", "notice.delivered", "notice.failed"}),
        _apply_notices,
    ),
    PEOPLE,
    CALENDARS,
    AREA_NAMES,
    rosters.projection("notify"),
    Projection(
        "emergencies",
        "notify",
        tables_of(__file__, "emergencies"),
        frozenset({"emergency.started", "emergency.ended"}),
        _apply_emergencies,
    ),
)
