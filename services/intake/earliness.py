"""Whether the city knows before people have to complain (早知道): who told first of each issue, and how soon it ended.

An issue is told first by the report that founded it: what was merged into another one came later.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.contracts.report import Source
from shared.kernel.area import Area
from shared.ports import Rows

BY_THE_CITY = (Source.GRID_WORKER, Source.DEVICE)
BY_THE_PUBLIC = (Source.RESIDENT, Source.HOTLINE, Source.WINDOW, Source.MEDIA)
_SHARES = """
SELECT count(*) AS issues,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - reported_at) / 3600)
           FILTER (WHERE closed_at IS NOT NULL) AS hours
FROM intake.reports
WHERE source = ANY (%(sources)s) AND merged_into IS NULL AND state <> 'rejected' AND reported_at >= %(since)s
  AND (%(area)s::text IS NULL OR area = %(area)s OR area LIKE %(area)s || '.%%')
"""


def shares(rows: Rows, area: Area | None, since: datetime) -> dict[str, Any]:
    """Issues by who told of them first. An instruction from above is neither: somebody else knew before."""
    city, public = (_lead(rows, sources, area, since) for sources in (BY_THE_CITY, BY_THE_PUBLIC))
    both = city["issues"] + public["issues"]
    return {
        "by_the_city": city,
        "by_the_public": public,
        "share": round(city["issues"] / both, 4) if both else None,
    }


def _lead(rows: Rows, sources: tuple[Source, ...], area: Area | None, since: datetime) -> dict[str, Any]:
    path = None if area is None else area.path
    named = [source.value for source in sources]
    (found,) = rows.query(_SHARES, {"sources": named, "area": path, "since": since})
    hours = None if found["hours"] is None else round(float(found["hours"]), 2)
    return {"issues": found["issues"], "hours_to_close": hours}
