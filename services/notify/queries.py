"""Questions of notify: who follows a report, where a recipient is reached, what became of the notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.kernel.area import Area
from shared.ports import Rows

# Whoever was merged into a follower follows as well.
_FOLLOWERS = """
WITH RECURSIVE line AS (
    SELECT report_id, subject_id, number, 1 AS depth FROM notify.reporters WHERE merged_into = %(report_id)s::uuid
    UNION
    SELECT r.report_id, r.subject_id, r.number, line.depth + 1
    FROM notify.reporters r JOIN line ON r.merged_into = line.report_id
    WHERE line.depth < 8
)
SELECT DISTINCT report_id, subject_id, number FROM line
WHERE subject_id IS NOT NULL AND report_id <> %(report_id)s::uuid
ORDER BY number
"""

_NOTICES = """
SELECT n.notice_id, n.template, n.recipient_kind, n.recipient, n.channel, n.about, n.area, n.state, n.reason,
       n.requested_at, n.settled_at, d.attempts, d.last_error
FROM notify.notices n
LEFT JOIN LATERAL (
    SELECT count(*) AS attempts, (array_agg(error ORDER BY attempt DESC))[1] AS last_error
    FROM notify.deliveries WHERE notice_id = n.notice_id
) d ON true
WHERE (%(area)s::text IS NULL OR n.area = %(area)s OR n.area LIKE %(area)s || '.%%')
  AND (%(about)s::uuid IS NULL OR n.about = %(about)s::uuid)
  AND (%(state)s::text IS NULL OR n.state = %(state)s)
  AND (%(before)s::uuid IS NULL OR (n.requested_at, n.notice_id) <
       (SELECT b.requested_at, b.notice_id FROM notify.notices b WHERE b.notice_id = %(before)s::uuid))
ORDER BY n.requested_at DESC, n.notice_id DESC
LIMIT %(limit)s
"""

_OUTBOX = """
SELECT notice_id, template, recipient, address, about, subject, body, created_at FROM notify.outbox
WHERE (%(about)s::uuid IS NULL OR about = %(about)s::uuid)
ORDER BY created_at DESC, notice_id DESC
LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Follower:
    """The reporter of a report that was merged into another."""

    report_id: UUID
    subject_id: UUID
    number: str


@dataclass(frozen=True, slots=True)
class Department:
    """A department as notices name and reach it."""

    code: str
    name: str
    name_en: str
    contact: str | None


def followers(rows: Rows, report_id: UUID) -> list[Follower]:
    """Everybody whose report was merged into this one, straight or through others."""
    found = rows.query(_FOLLOWERS, {"report_id": str(report_id)})
    return [Follower(UUID(str(row["report_id"])), UUID(str(row["subject_id"])), row["number"]) for row in found]


def department(rows: Rows, code: str) -> Department | None:
    """The department with this code; None while we have not heard of it."""
    found = rows.query("SELECT code, name, name_en, contact FROM notify.departments WHERE code = %s", [code])
    return Department(**found[0]) if found else None


def area_name(rows: Rows, path: str) -> str:
    """What the area is called; its path while we have not heard of it."""
    found = rows.query("SELECT name FROM notify.area_names WHERE path = %s", [path])
    return str(found[0]["name"]) if found else path


def set_in_force(rows: Rows, area: Area) -> str | None:
    """The set of templates that the narrowest emergency around the area names; None where there is none."""
    around = [found.path for found in area.ancestors()]
    found = rows.query(
        "SELECT templates FROM notify.emergencies WHERE area = ANY (%s) ORDER BY length(area) DESC LIMIT 1", [around]
    )
    return found[0]["templates"] if found else None


def notices(
    rows: Rows, *, area: Area | None, about: UUID | None, state: str | None, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Notices, newest first; `before` is the last one of the page before."""
    return rows.query(
        _NOTICES,
        {
            "area": None if area is None else area.path,
            "about": None if about is None else str(about),
            "state": state,
            "before": None if before is None else str(before),
            "limit": limit,
        },
    )


def outbox(rows: Rows, about: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Captured messages, newest first."""
    return rows.query(_OUTBOX, {"about": None if about is None else str(about), "limit": limit})
