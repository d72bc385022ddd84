"""Published figures looked up: every version of every announcement, as it was made."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.survey.domain.appraisals import Version, changes, evolve
from shared.contracts.appraisal import Figure
from shared.handling import fold
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.ports import EventLog, Rows
from shared.security import permission
from shared.security.permission import Asker

Json = dict[str, Any]


def announced(rows: Rows, asker: Asker, area: Area | None) -> Json:
    """What was announced in the asker's area, the latest window first."""
    if area is not None:
        permission.require(asker, action_area=area)
    within = area or asker.area
    found = rows.query(
        "SELECT appraisal_id, title, area, by, since, until, versions, position, counted_at FROM appraisals"
        " WHERE %(area)s::text IS NULL OR area = %(area)s OR left(area, length(%(area)s) + 1) = %(area)s || '.'"
        " ORDER BY until DESC, appraisal_id LIMIT 500",
        {"area": within and within.path},
    )
    return {"appraisals": found}


def one(log: EventLog, appraisal_id: UUID, asker: Asker, version: int | None) -> Json:
    """One announcement in one version, the latest by default, with what differs from the version before it."""
    history = log.stream(f"appraisal-{appraisal_id}")
    appraisal = fold(history, evolve)
    if appraisal is None:
        raise NotFound(str(Wording("没有这份考核", "there is no such appraisal")))
    permission.require(asker, action_area=history[0].area)
    wanted = version or appraisal.latest.version
    if not 1 <= wanted <= len(appraisal.versions):
        said = Wording(f"没有第 {wanted} 版", f"there is no version {wanted}")
        raise NotFound(str(said), where="version", hint=f"1 to {len(appraisal.versions)}")
    shown, first = appraisal.versions[wanted - 1], appraisal.first
    before = appraisal.versions[wanted - 2] if wanted > 1 else None
    return {
        "appraisal_id": appraisal_id,
        "title": first.title,
        "area": first.area,
        "by": first.by,
        "since": first.since,
        "until": first.until,
        "versions": len(appraisal.versions),
        **_described(shown),
        "changed": [] if before is None else [_change(*pair) for pair in changes(before, shown)],
    }


def _described(version: Version) -> Json:
    return {
        "version": version.version,
        "reason": version.reason,
        "position": version.position,
        "counted_at": version.counted_at,
        "figures": [_figure(figure) for figure in version.figures],
    }


def _figure(figure: Figure) -> Json:
    ratio = round(figure.numerator / figure.denominator, 6) if figure.denominator else None
    return {
        "key": figure.key,
        "indicator": figure.indicator,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "ratio": ratio,
    }


def _change(old: Figure | None, new: Figure | None) -> Json:
    return {"before": None if old is None else _figure(old), "after": None if new is None else _figure(new)}
