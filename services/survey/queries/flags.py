"""Flags looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.contracts.flag import Suspicion
from shared.kernel.area import Area
from shared.ports import Rows
from shared.security import permission
from shared.security.permission import Asker
from shared.web.paging import place, read_place

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which flags the asker wants to see."""

    area: Area | None = None
    suspicion: Suspicion | None = None
    settled: bool | None = None
    case_id: UUID | None = None
    after: str | None = None
    limit: int = 50


def flag_list(rows: Rows, asker: Asker, wanted: Wanted) -> Json:
    """Flags in the asker's area, newest first; a department sees those of its own handling."""
    if wanted.area is not None:
        permission.require(asker, action_area=wanted.area)
    conditions, values = ["true"], dict[str, Any]({"limit": wanted.limit + 1})
    area = wanted.area or asker.area
    if area is not None:
        conditions.append("(area = %(area)s OR left(area, length(%(area)s) + 1) = %(area)s || '.')")
        values["area"] = area.path
    if asker.role == "department":
        conditions.append("department = %(department)s")
        values["department"] = asker.department
    if wanted.suspicion is not None:
        conditions.append("suspicion = %(suspicion)s")
        values["suspicion"] = wanted.suspicion.value
    if wanted.settled is not None:
        conditions.append("settled_at IS NOT NULL" if wanted.settled else "settled_at IS NULL")
    if wanted.case_id is not None:
        conditions.append("case_id = %(case_id)s::uuid")
        values["case_id"] = str(wanted.case_id)
    if wanted.after is not None:
        after_at, after_id = read_place(wanted.after)
        values |= {"after_at": after_at or "infinity", "after_id": str(after_id)}
        conditions.append("(raised_at, flag_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)")
    found = rows.query(
        f"SELECT * FROM flags WHERE {' AND '.join(conditions)} ORDER BY raised_at DESC, flag_id DESC LIMIT %(limit)s",
        values,
    )
    page = found[: wanted.limit]
    more = place(page[-1]["raised_at"], page[-1]["flag_id"]) if len(found) > wanted.limit else None
    return {"flags": [_described(row) for row in page], "next_after": more}


def _described(row: Json) -> Json:
    return {**row, "suspicion_zh": Suspicion(row["suspicion"]).zh}
