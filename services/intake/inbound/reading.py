"""Makes a report of another system's message, as its mapping says; what is wrong is named by its path."""

from __future__ import annotations

from typing import Any

from services.intake.domain import Told
from services.intake.inbound import paths
from services.intake.places import Spot, locate
from services.intake.schemas import SubmitReportBody
from shared.contracts.report import Source, Urgency
from shared.contracts.shapes import Point
from shared.kernel.errors import Invalid
from shared.ports import Rows

_NUMBER = 60


def read(rows: Rows, mapping: dict[str, Any], document: dict[str, Any]) -> Told:
    """What the message tells. Raises Invalid naming the paths that are wrong."""
    wanted, system = mapping["fields"], mapping["system"]
    reporter = mapping["reporter"] or {}
    number = paths.text(document, wanted["external_number"])
    if number is None or len(number) > _NUMBER:
        raise paths.wrong(wanted["external_number"], f"your own number for it is needed, at most {_NUMBER} long")
    title = _joined(document, wanted["title"])
    if title is None:
        raise paths.wrong(wanted["title"][0], "a title is needed")
    point = _point(document, mapping["point"])
    place = paths.text(document, wanted["place"])
    code = _looked_up(document, mapping["area"])
    names = _names(mapping)
    contact = {name: said for name in ("name", "phone", "email") if (said := paths.text(document, reporter.get(name)))}
    raw = {
        "title": " ".join(title.split())[:200],
        "words": _joined(document, wanted["words"]) or title,
        "issue_type": _looked_up(document, mapping["issue_type"]),
        "area": locate(rows, Spot(point, code, place, (names["point"], names["area"], names["place"]))).path,
        "place": place,
        "contact": contact or None,
        "urgency": _looked_up(document, mapping["urgency"]) or Urgency.NORMAL.value,
    }
    body = _checked(raw, names)
    kept = body["contact"] or {}
    return Told(
        area=body["area"],
        source=Source(system["source"]),
        issue_type=body["issue_type"],
        urgency=body["urgency"],
        title=body["title"],
        words=body["words"],
        place=body["place"],
        point=point,
        name=kept.get("name"),
        phone=kept.get("phone"),
        email=kept.get("email"),
        # Two systems may number alike.
        external_number=f"{system['name']}/{number}",
    )


def _checked(raw: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """What a report may be is said once, at our own door; only the names of the fields differ."""
    errors = SubmitReportBody().validate(raw)
    if errors:
        named: dict[str, object] = {names.get(name, name): said for name, said in errors.items()}
        raise Invalid(f"see {', '.join(named)}", where=", ".join(named), errors=named)
    loaded: dict[str, Any] = SubmitReportBody().load(raw)
    return loaded


def _names(mapping: dict[str, Any]) -> dict[str, str]:
    """Our field → where the sender keeps it."""
    wanted, point, area = mapping["fields"], mapping["point"], mapping["area"] or {}
    return {
        "title": wanted["title"][0],
        "words": (wanted["words"] or wanted["title"])[0],
        "place": wanted["place"] or "place",
        "point": f"{point['lat']}, {point['lon']}" if point else "point",
        "area": area.get("path") or "area",
        "issue_type": mapping["issue_type"]["path"] or "issue_type",
        "urgency": (mapping["urgency"] or {}).get("path") or "urgency",
        "contact": ", ".join(path for path in (mapping["reporter"] or {}).values() if path) or "contact",
    }


def _joined(document: dict[str, Any], wanted: list[str]) -> str | None:
    said = [text for path in wanted if (text := paths.text(document, path)) is not None]
    return "\n".join(said) or None


def _point(document: dict[str, Any], part: dict[str, Any] | None) -> Point | None:
    if part is None:
        return None
    lat, lon = paths.number(document, part["lat"]), paths.number(document, part["lon"])
    if lat is None or lon is None:
        return None
    for path, value, limit in ((part["lat"], lat, 90), (part["lon"], lon, 180)):
        if not -limit <= value <= limit:
            raise paths.wrong(path, f"{value} is not on the globe")
    return Point(lat=lat, lon=lon)


def _looked_up(document: dict[str, Any], part: dict[str, Any] | None) -> str | None:
    """The value, by way of the table where there is one. Raises Invalid for a value that the table does not have."""
    if part is None:
        return None
    given = paths.text(document, part["path"])
    table: dict[str, str] = part["table"]
    otherwise: str | None = part["otherwise"]
    if given is not None and (found := table.get(given) if table else given) is not None:
        return found
    if otherwise is not None:
        return otherwise
    if given is None:
        return None
    raise paths.wrong(part["path"], f"the mapping has nothing for {given[:40]!r}")
