"""From an HTTP body to what somebody tells, and from what was done to an HTTP body: used by several doors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.intake.domain import Told
from services.intake.places import Spot, locate
from services.intake.sources import source_for
from shared.ports import Appended, Rows
from shared.security.permission import Asker, require
from shared.web.call import Reply


def told_of(rows: Rows, body: Mapping[str, Any], asker: Asker | None) -> Told:
    """The report in a loaded body; a point without an area is placed.

    Raises Forbidden for a source or a place that is not the asker's, Invalid for a point that lies nowhere.
    """
    contact = body["contact"] or {}
    told = Told(
        area=body["area"] or locate(rows, Spot(body["point"])),
        source=source_for(None if asker is None else asker.role, body["source"], body["external_number"]),
        issue_type=body["issue_type"],
        urgency=body["urgency"],
        title=body["title"],
        words=body["words"],
        place=body["place"],
        point=body["point"],
        name=contact.get("name"),
        phone=contact.get("phone"),
        email=contact.get("email"),
        external_number=body["external_number"],
        photos=body["photos"],
        openly=body["openly"],
    )
    if asker is not None:
        require(asker, told.area)
    return told


def done(appended: Appended) -> Reply:
    """What a command did."""
    return Reply({"stream": appended.stream, "version": appended.version, "events": len(appended.event_ids)})
