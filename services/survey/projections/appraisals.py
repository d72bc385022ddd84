"""One row per announcement, to list them; the figures themselves are read from the log."""

from __future__ import annotations

from pathlib import Path

from shared.contracts.appraisal import IndicatorPublished
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

_TABLES = str(Path(__file__).parent)


def take_appraisals(batch: Batch, cursor: Cursor) -> None:
    """The window and the number of versions of every announcement that the batch touches."""
    wanted = sorted({str(recorded.event.appraisal_id) for recorded in batch.events})
    found = select(cursor, "SELECT * FROM appraisals WHERE appraisal_id = ANY (%s::uuid[])", [wanted])
    rows = {str(row["appraisal_id"]): row for row in found}
    for recorded in batch.events:
        event = recorded.event
        key = str(event.appraisal_id)
        if isinstance(event, IndicatorPublished):
            rows[key] = {
                "appraisal_id": key,
                "title": event.title,
                "area": event.area,
                "by": event.by,
                "since": event.since,
                "until": event.until,
            }
        latest = {"versions": event.version, "position": event.position, "counted_at": event.counted_at}
        rows[key] = {**rows[key], **latest}
    upsert(cursor, "appraisals", ["appraisal_id"], list(rows.values()))


PROJECTIONS: tuple[Projection, ...] = (
    Projection(
        name="appraisals",
        service="survey",
        tables=tables_of(_TABLES, "appraisals"),
        handles=frozenset({"indicator.published", "indicator.restated"}),
        apply=take_appraisals,
    ),
)
