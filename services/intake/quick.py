"""Reads a report's body in one pass when it is plainly right; whatever is unusual is left to the schema.

The report door is the busiest of the house, and checking field by field was an eighth of its time. This reader never
says what is wrong: it answers what `SubmitReportBody` would, or nothing, and then the schema has the word. A test
holds the two equal.
"""

from __future__ import annotations

import re
from typing import Any

from shared.contracts.report import Urgency
from shared.contracts.shapes import Point
from shared.kernel.area import Area
from shared.kernel.errors import Invalid

NAME, PLACE, TITLE, WORDS, ISSUE_TYPE = 80, 300, 200, 10_000, 20
PHONE = r"^\+?[0-9][0-9 \-]{5,19}\Z"

_PHONE = re.compile(PHONE)
_REQUIRED = frozenset({"title", "words", "issue_type", "area"})
_KNOWN = _REQUIRED | {"place", "point", "contact"}
_CONTACT = frozenset({"name", "phone"})
_POINT = frozenset({"lat", "lon"})


def read(body: dict[str, Any]) -> dict[str, Any] | None:
    """The loaded body; None when anything about it needs a closer look."""
    if not (_REQUIRED <= body.keys() <= _KNOWN):
        return None
    place, point, contact = body.get("place"), body.get("point"), body.get("contact")
    if not (
        _is_line(body["title"], TITLE)
        and _is_text(body["words"])
        and _is_line(body["issue_type"], ISSUE_TYPE)
        and (place is None or _is_line(place, PLACE))
        and (contact is None or _is_contact(contact))
        and (point is None or _is_point(point))
    ):
        return None
    area = _area(body["area"])
    if area is None:
        return None
    return {
        "title": body["title"],
        "words": body["words"],
        "issue_type": body["issue_type"],
        "area": area,
        "place": place,
        "point": None if point is None else Point(lat=float(point["lat"]), lon=float(point["lon"])),
        "contact": None if contact is None else {"name": None, "phone": None, "email": None, **contact},
        "urgency": Urgency.NORMAL,
        "source": None,
        "external_number": None,
        "photos": (),
        "openly": False,
    }


def _is_line(value: Any, longest: int) -> bool:
    # Printable is stricter than what the schema allows: joined emoji, for one, take the long way.
    return type(value) is str and 0 < len(value) <= longest and value.isprintable() and not value.isspace()


def _is_text(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= WORDS and _is_line(value.replace("\n", ""), WORDS)


def _is_contact(value: Any) -> bool:
    if type(value) is not dict or not value or not value.keys() <= _CONTACT:
        return False
    name, phone = value.get("name"), value.get("phone")
    if name is None and phone is None:
        return False
    return (name is None or _is_line(name, NAME)) and (
        phone is None or (type(phone) is str and _PHONE.match(phone) is not None)
    )


def _is_point(value: Any) -> bool:
    if type(value) is not dict or value.keys() != _POINT:
        return False
    lat, lon = value["lat"], value["lon"]
    # A comparison with NaN is false, so it takes the long way as well.
    return type(lat) is float and type(lon) is float and -90 <= lat <= 90 and -180 <= lon <= 180


def _area(value: Any) -> Area | None:
    if type(value) is not str:
        return None
    try:
        return Area.parse(value)
    except Invalid:
        return None
