"""From events to the register of campaigns."""

from __future__ import annotations

from typing import Any

from services.dispatch.campaigns.domain import MOVES
from shared.contracts.campaign import CampaignEnded, CampaignExtended, CampaignOpened
from shared.contracts.envelope import Recorded
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]


def take_campaigns(batch: Batch, cursor: Cursor) -> None:
    """One row for every campaign that the batch touches, brought up to date."""
    wanted = sorted({str(recorded.event.campaign_id) for recorded in batch.events})
    found = select(cursor, "SELECT * FROM campaigns WHERE campaign_id = ANY(%s::uuid[])", [wanted])
    rows = {str(row["campaign_id"]): row for row in found}
    for recorded in batch.events:
        event, key = recorded.event, str(recorded.event.campaign_id)
        match event:
            case CampaignOpened():
                rows[key] = _opened(event, recorded)
            case CampaignExtended(until=until):
                rows[key].update(until=until, extensions=rows[key]["extensions"] + 1)
            case CampaignEnded(until=until):
                rows[key].update(until=until, is_ended=True)
            case _:
                raise LookupError(f"{recorded.type} is no event of a campaign")
        rows[key]["position"] = recorded.position
    upsert(cursor, "campaigns", ["campaign_id"], list(rows.values()))


def _opened(event: CampaignOpened, recorded: Recorded[CampaignOpened]) -> Row:
    return {
        "campaign_id": str(event.campaign_id),
        "title": event.title,
        "area": event.area,
        "issue_types": list(event.issue_types),
        "since": event.since,
        "until": event.until,
        "lead": event.lead,
        "extensions": 0,
        "is_ended": False,
        "opened_at": recorded.occurred_at,
    }


PROJECTIONS: tuple[Projection, ...] = (
    Projection(
        name="campaigns",
        service="dispatch",
        tables=tables_of(__file__, "campaigns"),
        handles=frozenset(MOVES),
        apply=take_campaigns,
    ),
)
