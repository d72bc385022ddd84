"""Questions about reports: the work list of the desk, one report, and the reporter's "how far is it?"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.domain import CIVIL_TIME
from shared.contracts.envelope import Recorded
from shared.contracts.report import ReportSubmitted
from shared.kernel.area import Area
from shared.kernel.case_states import State
from shared.kernel.errors import NotFound
from shared.ports import Rows

_COLUMNS = """
report_id, number, area, state, found, source, issue_type, urgency, title, words, place, lat, lon, subject_id,
merged_into, photos, appealed, assignee, reported_at
"""

_WAITING = f"""
SELECT {_COLUMNS} FROM intake.reports
WHERE is_waiting
  AND (%(area)s::text IS NULL OR area = %(area)s OR area LIKE %(area)s || '.%%')
  AND (%(issue_type)s::text IS NULL OR issue_type = %(issue_type)s)
  AND (%(after)s::uuid IS NULL OR (reported_at, report_id) >
       (SELECT a.reported_at, a.report_id FROM intake.reports a WHERE a.report_id = %(after)s::uuid))
ORDER BY reported_at, report_id
LIMIT %(limit)s
"""

_TO_LOOK_AT = f"""
SELECT {_COLUMNS} FROM intake.reports
WHERE is_waiting AND state = 'verifying' AND found IS NULL
  AND (%(area)s::text IS NULL OR area = %(area)s OR area LIKE %(area)s || '.%%')
  AND (%(account)s::text IS NULL OR assignee IS NULL OR assignee = %(account)s)
ORDER BY reported_at, report_id
LIMIT %(limit)s
"""

# A merged report goes where the other one goes, and that one may have been merged in turn.
_LINE = """
WITH RECURSIVE line AS (
    SELECT report_id, number, state, merged_into, reported_at, title, area, issue_type, 0 AS depth
    FROM intake.reports WHERE report_id = %(report_id)s::uuid
    UNION ALL
    SELECT r.report_id, r.number, r.state, r.merged_into, r.reported_at, r.title, r.area, r.issue_type, line.depth + 1
    FROM intake.reports r JOIN line ON r.report_id = line.merged_into
    WHERE line.depth < 8
)
SELECT * FROM line ORDER BY depth
"""

_MILESTONES = """
SELECT m.type, m.note, m.happened_at, d.name AS department, d.name_en AS department_en
FROM intake.milestones m LEFT JOIN intake.departments d ON d.code = m.note ->> 'department'
WHERE m.report_id = ANY (%(reports)s::uuid[])
ORDER BY m.position
"""


def needs_verification(rows: Rows, issue_type: str) -> bool:
    """Whether the city wants somebody to look before such a report of the public is accepted."""
    found = rows.query("SELECT needs_verification FROM intake.issue_types WHERE code = %s", [issue_type])
    return bool(found and found[0]["needs_verification"])


def waiting(
    rows: Rows, area: Area | None, issue_type: str | None, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Reports that wait for the desk, oldest first; `after` is the last report of the page before."""
    return rows.query(
        _WAITING,
        {
            "area": None if area is None else area.path,
            "issue_type": issue_type,
            "after": None if after is None else str(after),
            "limit": limit,
        },
    )


def to_look_at(rows: Rows, area: Area | None, account: str | None, limit: int) -> list[dict[str, Any]]:
    """Reports that somebody is asked to look at, oldest first; with an account what others were asked is left out."""
    path = None if area is None else area.path
    return rows.query(_TO_LOOK_AT, {"area": path, "account": account, "limit": limit})


def one(rows: Rows, report_id: UUID) -> dict[str, Any]:
    """One report as staff see it, with how many reports were merged into it. Raises NotFound."""
    found = rows.query(f"SELECT {_COLUMNS} FROM intake.reports WHERE report_id = %s", [str(report_id)])
    if not found:
        raise NotFound(f"there is no report {report_id}")
    merged = rows.query(
        "SELECT report_id, number, reported_at FROM intake.reports WHERE merged_into = %s ORDER BY reported_at",
        [str(report_id)],
    )
    return {**found[0], "merged_reports": merged}


def id_of(rows: Rows, reference: str) -> UUID:
    """The report with this id or tracking number. Raises NotFound."""
    try:
        return UUID(reference)
    except ValueError:
        found = rows.query("SELECT report_id FROM intake.reports WHERE number = %s", [reference])
    if not found:
        raise NotFound("there is no report with this number and secret", hint="a new number is known within seconds")
    return UUID(str(found[0]["report_id"]))


def progress(rows: Rows, report_id: UUID) -> dict[str, Any] | None:
    """How far a report is, in plain words; None while the report is too new to be in the tables."""
    line = rows.query(_LINE, {"report_id": str(report_id)})
    if not line:
        return None
    own, last = line[0], line[-1]
    steps = rows.query(_MILESTONES, {"reports": [str(report["report_id"]) for report in line]})
    state = State(last["state"])
    return {
        "report_id": own["report_id"],
        "number": own["number"],
        "title": own["title"],
        "reported_at": own["reported_at"],
        "state": state.value,
        "state_zh": state.zh,
        "step": state.step.value,
        "step_zh": state.step.zh,
        "followed_under": None if len(line) == 1 else last["number"],
        "steps": [said for step in steps if (said := plain_words(step)) is not None],
    }


def just_submitted(history: Sequence[Recorded[Any]]) -> dict[str, Any]:
    """The same answer from the log itself, for a report of the last moment. Raises NotFound when there is none."""
    if not history:
        raise NotFound("there is no report with this number and secret")
    first: Recorded[ReportSubmitted] = history[0]
    said = _SENTENCES["report.submitted"]
    return {
        "report_id": first.event.report_id,
        "number": first.event.number,
        "title": first.event.title,
        "reported_at": first.occurred_at,
        "state": State.REPORTED.value,
        "state_zh": State.REPORTED.zh,
        "step": State.REPORTED.step.value,
        "step_zh": State.REPORTED.step.zh,
        "followed_under": None,
        "steps": [{"at": first.occurred_at, "zh": said[0], "en": said[1]}],
    }


_SENTENCES: dict[str, tuple[str, str]] = {
    "report.submitted": ("已收到您的诉求", "We have your report"),
    "report.verification_requested": ("已安排人员到现场核实", "Somebody is on the way to look"),
    "report.verified": ("已到现场核实", "Somebody was there and looked"),
    "report.accepted": ("已受理", "Accepted"),
    "report.rejected": ("不予受理：{reason}", "Not accepted: {reason}"),
    "report.appealed": ("您已申诉，正在重新审核", "You objected: somebody looks at it again"),
    "report.self_handled": ("发现后已当场处置", "Put right on the spot"),
    "report.merged": ("与另一件相同诉求合并办理", "Goes on together with an earlier report of the same issue"),
    "report.unmerged": ("已单独办理", "Goes on by itself"),
    "case.filed": ("已立案", "Filed as a case"),
    "case.dispatched": ("已派给{department}办理{due}", "Given to {department_en}{due_en}"),
    "case.dispatch_recalled": ("派遣已撤回，正在重新安排", "Taken back: somebody else will be asked"),
    "task.signed": ("{department}已签收，正在办理", "{department_en} has taken it on"),
    "task.returned": ("正在重新确定责任部门", "We are finding out who is responsible"),
    "task.responded": ("{department}已办理并反馈", "{department_en} says it is done"),
    "case.sent_to_check": ("正在核查办理结果", "Somebody else is checking the result"),
    "case.cleared_to_close": ("核查通过", "The check was passed"),
    "case.rework_ordered": ("核查未通过，已要求返工", "The check failed: it has to be done again"),
    "case.self_handled": ("已就地处置", "Put right on the spot"),
    "case.merged": ("与已有案件为同一事项，并入办理", "The same as an earlier case: it goes on there"),
    "case.unmerged": ("已单独办理", "It goes on by itself again"),
    "case.rejected": ("不予办理：{reason}", "Not taken further: {reason}"),
    "case.level_raised": ("已提交上一级协调解决", "Taken up by the tier above"),
    "case.offered": ("已交由志愿者办理", "Open to volunteers"),
    "case.suspended": ("因客观原因暂缓办理：{reason}", "Put aside for now: {reason}"),
    "case.resumed": ("已恢复办理", "Work goes on"),
    "case.transferred_out": ("已转交区外部门办理", "Handed to an authority outside the district"),
    "case.closed": ("已办结：{answer}", "Closed: {answer}"),
    "case.reopened": ("已重新办理", "Opened again"),
    "case.archived": ("已归档", "Archived"),
}


SPOKEN = tuple(_SENTENCES)
"""The milestones that mean something to a reporter."""


def plain_words(step: Mapping[str, Any]) -> dict[str, Any] | None:
    """One milestone as a sentence in both languages; None for one that means nothing to a reporter."""
    sentences = _SENTENCES.get(step["type"])
    if sentences is None:
        return None
    note = step["note"]
    due = _civil_day(note.get("due_at"))
    words = {
        "reason": note.get("reason", ""),
        "answer": note.get("answer", ""),
        "department": step["department"] or note.get("department", ""),
        "department_en": step["department_en"] or note.get("department", ""),
        "due": "" if due is None else f"，预计 {due:%Y-%m-%d} 前办结",
        "due_en": "" if due is None else f", expected by {due:%Y-%m-%d}",
    }
    return {
        "at": step["happened_at"],
        "zh": sentences[0].format_map(words),
        "en": sentences[1].format_map(words),
    }


def _civil_day(instant: str | None) -> datetime | None:
    return None if instant is None else datetime.fromisoformat(instant).astimezone(CIVIL_TIME)
