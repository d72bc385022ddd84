"""A report as Open311 shows it to everybody: its state in two words, its place, its due instant, and no person.

What residents said to the city's own desks stays there: of such a report everybody sees its kind, its community and
how far it is. Words, exact place and answers are shown of what was told through Open311 itself, whose users publish
what they say; phones, identity numbers, mail addresses and the reporter's name are masked there, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.intake.open311.formats import moment
from services.intake.open311.schemas import LONGEST_DESCRIPTION
from services.intake.queries import plain_words
from shared.kernel.area import Area, Tier
from shared.kernel.case_states import State
from shared.kernel.masking import mask
from shared.photos import hash_of, reference

_MEDIA = "附件 media: "
_ATTACHED = re.compile(rf"(?:\A|\n){re.escape(_MEDIA)}(\S+)\Z")
_STATES_EN = {
    State.REPORTED: "reported",
    State.VERIFYING: "being looked at",
    State.REJECTED: "not accepted",
    State.MERGED: "goes on together with an earlier request",
    State.CLOSED: "done",
    State.ARCHIVED: "done",
}
_OWN_WORDS = frozenset({"report.rejected", "case.closed"})
"""Milestones whose sentence quotes what somebody wrote."""


def with_media(words: str, url: str | None) -> str:
    """The words with the address of a photo below, so that whoever handles the report has it too."""
    return words if url is None else f"{words}\n{_MEDIA}{url}".strip()


def photos_in(url: str | None, public_url: str) -> tuple[str, ...]:
    """The photo that an address of ours shows. Other people's addresses are told on, and never called by us."""
    name = (url or "").removeprefix(f"{public_url}/api/v1/photos/").partition("?")[0]
    found = reference(name)
    return (found,) if hash_of(found) is not None else ()


def request(row: Mapping[str, Any], places: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One request. Text that we do not have is empty; an instant, address or number that we do not have is null."""
    state = State(row["state"])
    area = shown_area(row)
    lat, lon = _point(row, places.get(area.path))
    words, media = _described(row)
    return {
        "service_request_id": row["number"],
        "status": "open" if state.is_open else "closed",
        "status_notes": _notes(state, row),
        "service_name": row["kind"] or row["issue_type"],
        "service_code": row["issue_type"],
        "description": words,
        "agency_responsible": row["department"] or "",
        "service_notice": "",
        "requested_datetime": moment(row["reported_at"]),
        "updated_datetime": moment(row["updated_at"]),
        "expected_datetime": None if row["due_at"] is None else moment(row["due_at"]),
        "address": _address(row, area, places),
        "address_id": area.code,
        "zipcode": "",
        "lat": lat,
        "long": lon,
        "media_url": media,
    }


def extended(row: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What `extensions=true` adds: our own state, and the timeline."""
    state = State(row["state"])
    return {
        "extended_attributes": {
            "state": state.value,
            "state_zh": state.zh,
            "step": state.step.value,
            "step_zh": state.step.zh,
            "urgency": row["urgency"],
            "area": shown_area(row).path,
        },
        "notes": [note for step in steps if (note := _note(step)) is not None],
    }


def update(step: Mapping[str, Any]) -> dict[str, Any] | None:
    """One milestone as a service request update."""
    note = _note(step)
    if note is None:
        return None
    closes = step["type"] in ("case.closed", "case.archived", "report.rejected", "report.merged")
    return {
        "update_id": str(step["position"]),
        "service_request_id": step["number"],
        "status": "closed" if closes else "open",
        "updated_datetime": note["datetime"],
        "description": note["description"],
    }


def shown_area(row: Mapping[str, Any]) -> Area:
    """Where it is, as exactly as everybody may know: the building only of what was told in public."""
    area = Area(row["area"])
    return area if row["told_openly"] else area.at(Tier.COMMUNITY) or area


def _note(step: Mapping[str, Any]) -> dict[str, str] | None:
    quoted = dict(step)
    if step["type"] in _OWN_WORDS:
        said = {name: mask(text) if step["told_openly"] else "" for name, text in step["note"].items()}
        quoted["note"] = said
    found = plain_words(quoted)
    if found is None:
        return None
    zh, en = found["zh"].rstrip("： "), found["en"].rstrip(": ")
    return {"datetime": moment(found["at"]), "type": step["type"], "summary": en, "description": f"{zh} {en}"}


def _notes(state: State, row: Mapping[str, Any]) -> str:
    said = f"{state.zh} {_STATES_EN.get(state, state.value.replace('_', ' '))}"
    shows = row["told_openly"] and row["outcome"] and not state.is_open
    return f"{said}: {mask(row['outcome'])}" if shows else said


def _described(row: Mapping[str, Any]) -> tuple[str, str | None]:
    """The words without the photo's address, and that address; neither when they are nobody's business."""
    if not row["told_openly"]:
        return "", None
    found = _ATTACHED.search(row["words"])
    if found is None:
        return mask(row["words"])[:LONGEST_DESCRIPTION], None
    words, url = row["words"][: found.start()], found[1]
    # An address whose digits looked like a phone number was masked, and leads nowhere any more.
    return mask(words)[:LONGEST_DESCRIPTION], url if url.isascii() else None


def _address(row: Mapping[str, Any], area: Area, places: Mapping[str, Mapping[str, Any]]) -> str:
    """From the narrowest to the widest, as the standard wants."""
    names = [places[above.path]["name"] for above in area.ancestors() if above.path in places][::-1]
    if row["told_openly"] and row["place"]:
        names.insert(0, mask(row["place"]))
    return ", ".join(names)


def _point(row: Mapping[str, Any], place: Mapping[str, Any] | None) -> tuple[float | None, float | None]:
    if row["told_openly"] and row["lat"] is not None:
        return row["lat"], row["lon"]
    return (None, None) if place is None else (place["lat"], place["lon"])
