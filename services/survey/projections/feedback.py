"""Every question that reporters are asked, and its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_never

from services.survey.domain.feedback import FeedbackEvent
from shared.contracts.envelope import Recorded
from shared.contracts.feedback import FeedbackInvited, FeedbackRecorded
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]
_TABLES = str(Path(__file__).parent)
"""`tables.sql` lies beside this folder."""


def take_feedback(batch: Batch, cursor: Cursor) -> None:
    """One row for every question that the batch touches, brought up to date."""
    wanted = sorted({str(recorded.event.feedback_id) for recorded in batch.events})
    found = select(cursor, "SELECT * FROM feedback WHERE feedback_id = ANY(%s::uuid[])", [wanted])
    rows = {str(row["feedback_id"]): row for row in found}
    for recorded in batch.events:
        feedback_id = str(recorded.event.feedback_id)
        if isinstance(recorded.event, FeedbackRecorded) and feedback_id not in rows:
            raise LookupError(f"feedback {feedback_id} is answered and was never asked for")
        rows[feedback_id] = {**rows.get(feedback_id, {}), **_columns(recorded.event, recorded)}
    upsert(cursor, "feedback", ["feedback_id"], list(rows.values()))


def _columns(event: FeedbackEvent, recorded: Recorded[FeedbackEvent]) -> Row:
    match event:
        case FeedbackInvited():
            return {
                "feedback_id": event.feedback_id,
                "case_id": event.case_id,
                "number": event.number,
                "area": recorded.area.path,
                "attempt": event.attempt,
                "invited_at": recorded.occurred_at,
                "expires_at": event.expires_at,
                "answered_at": None,
                "resolved": None,
                "satisfaction": None,
                "words": None,
                "wants_reopening": None,
                "position": recorded.position,
            }
        case FeedbackRecorded():
            return {
                "answered_at": recorded.occurred_at,
                "resolved": event.resolved,
                "satisfaction": event.satisfaction.value,
                "words": event.words,
                "wants_reopening": event.wants_reopening,
                "position": recorded.position,
            }
        case _:
            assert_never(event)


PROJECTIONS: tuple[Projection, ...] = (
    Projection(
        name="feedback",
        service="survey",
        tables=tables_of(_TABLES, "feedback"),
        handles=frozenset({"feedback.invited", "feedback.recorded"}),
        apply=take_feedback,
    ),
)
