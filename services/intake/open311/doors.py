"""The doors of Open311 GeoReport v2, below `/open311/v2`, each in JSON and XML."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.intake import handlers
from services.intake.domain import Told
from services.intake.open311 import answers, definitions, keys, queries
from services.intake.open311.formats import refusals, reply
from services.intake.open311.schemas import (
    JurisdictionQuery,
    NewRequestBody,
    NewRequestQuery,
    RequestQuery,
    RequestsQuery,
    UpdatesQuery,
)
from services.intake.places import Spot, locate
from services.intake.projections import move, new_row
from services.intake.queries import SPOKEN
from services.intake.room import Room
from shared.contracts.report import Source
from shared.contracts.shapes import Point
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, NotFound
from shared.web.call import ANYONE, Call, Reply
from shared.web.door import door

BASE = "/open311/v2"
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGED = "2026-11-21T00:00:00+08:00"
"""When what these doors offer was last changed."""
_FORMAT = "<any(json,xml):format>"
_LIKE_ALL: dict[str, Any] = {"roles": ANYONE, "refusals": refusals, "described": False}
_KEPT = 10_000
_TITLE = 60

Row = dict[str, Any]


class _Recent:
    """Numbers given a moment ago, which the tables do not know yet: whoever got one may ask for it at once."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, UUID] = OrderedDict()

    def add(self, number: str, report_id: UUID) -> None:
        self._ids[number] = report_id
        if len(self._ids) > _KEPT:
            self._ids.popitem(last=False)

    def get(self, number: str) -> UUID | None:
        return self._ids.get(number)


_RECENT = _Recent()


class Open311Doors(Room):
    """Discovery, services, requests, tokens, updates."""

    @door("GET", f"/open311/discovery.{_FORMAT}", summary="Open311 discovery", **_LIKE_ALL)
    def open311_discovery(self, call: Call) -> Reply:
        """What is offered here, and in which formats."""
        formats = ["text/xml", "application/json"]
        url = self.desk.public_url
        endpoint = {
            "specification": SPECIFICATION,
            "url": url + BASE,
            "changeset": CHANGED,
            "type": "production",
            "formats": formats,
        }
        offer = {
            "changeset": CHANGED,
            "contact": f"{url}/",
            "key_service": "wuji apikey create",
            "endpoints": [endpoint],
        }
        return reply("discovery", offer, call.path["format"])

    @door("GET", f"{BASE}/discovery.{_FORMAT}", summary="Open311 discovery", **_LIKE_ALL)
    def open311_discovery_here(self, call: Call) -> Reply:
        """The same where some clients look for it."""
        return self.open311_discovery(call)

    @door("GET", f"{BASE}/services.{_FORMAT}", summary="Open311 services", query=JurisdictionQuery, **_LIKE_ALL)
    def open311_services(self, call: Call) -> Reply:
        """Every issue type."""
        self._jurisdiction(call.query)
        return reply("services", [definitions.service(row) for row in queries.kinds(self.rows)], call.path["format"])

    @door("GET", f"{BASE}/services/<code>.{_FORMAT}", summary="Open311 service", query=JurisdictionQuery, **_LIKE_ALL)
    def open311_service(self, call: Call) -> Reply:
        """The attributes of one issue type."""
        self._jurisdiction(call.query)
        defined = definitions.definition(self._kind(call.path["code"]))
        return reply("service_definition", defined, call.path["format"])

    @door(
        "POST",
        f"{BASE}/requests.{_FORMAT}",
        summary="Open311 request",
        query=NewRequestQuery,
        body=NewRequestBody,
        forms=True,
        **_LIKE_ALL,
    )
    def open311_create(self, call: Call) -> Reply:
        """A program reports for somebody; it shows its key. The person is sealed as at every other door."""
        asked = call.body | {name: call.body[name] or said for name, said in call.query.items()}
        program = keys.holder(self.rows, asked["api_key"])
        if asked["service_code"] is None:
            raise Invalid("service_code was not provided", where="service_code")
        kind = self._kind(asked["service_code"])
        told = self._told(asked, kind)
        within = self._jurisdiction(asked)
        if within is not None and not told.area.is_within(within):
            raise Invalid(f"{told.area} lies outside {within}", where="jurisdiction_id")
        own = call.headers.get("idempotency-key")
        cause = Cause(
            actor=program,
            at=call.at,
            idempotency_key=None if own is None else f"intake:open311:{program.id}:{own}",
            request_hash=call.request_hash,
            traceparent=call.traceparent,
        )
        receipt = handlers.submit(self.log, self.desk, told, cause)
        submitted = receipt.submitted
        _RECENT.add(submitted.number, submitted.report_id)
        call.note(report_id=submitted.report_id, number=submitted.number, program=program.id)
        notice = definitions.limit(kind)
        made = {"service_request_id": submitted.number, "service_notice": notice, "account_id": ""}
        return reply("service_requests", [made], call.path["format"])

    @door("GET", f"{BASE}/requests.{_FORMAT}", summary="Open311 requests", query=RequestsQuery, **_LIKE_ALL)
    def open311_requests(self, call: Call) -> Reply:
        """Numbers override whatever else is asked for."""
        within = self._jurisdiction(call.query)
        numbers = call.query["service_request_id"]
        if numbers:
            return self._requests(self._numbered(numbers, within), call)
        return self._requests(queries.chosen(self.rows, within, call.query, call.at), call)

    @door("GET", f"{BASE}/requests/<number>.{_FORMAT}", summary="Open311 request", query=RequestQuery, **_LIKE_ALL)
    def open311_request(self, call: Call) -> Reply:
        """One request by its number."""
        found = self._numbered([call.path["number"]], self._jurisdiction(call.query))
        if not found:
            raise NotFound(f"service_request_id {call.path['number'][:40]} was not found")
        return self._requests(found, call)

    @door("GET", f"{BASE}/tokens/<token>.{_FORMAT}", summary="Open311 token", query=JurisdictionQuery, **_LIKE_ALL)
    def open311_token(self, call: Call) -> Reply:
        """The number of a report by its id: the numbers of requests are given at once, so that ids serve as tokens."""
        self._jurisdiction(call.query)
        token = call.path["token"]
        number = self._number_of(token)
        if number is None:
            raise NotFound(f"token {token[:40]} was not found")
        return reply("service_requests", [{"service_request_id": number, "token": token}], call.path["format"])

    @door("GET", f"{BASE}/servicerequestupdates.{_FORMAT}", summary="Open311 updates", query=UpdatesQuery, **_LIKE_ALL)
    def open311_updates(self, call: Call) -> Reply:
        """What happened to requests, oldest first: for programs that follow many."""
        within = self._jurisdiction(call.query)
        steps = queries.updates(self.rows, within, call.query, SPOKEN, call.at)
        said = [update for step in steps if (update := answers.update(step)) is not None]
        return reply("service_request_updates", said, call.path["format"])

    @door("GET", "/open311/<path:elsewhere>", summary="Nothing of Open311", **_LIKE_ALL)
    def open311_nothing(self, _call: Call) -> Reply:
        """Every other address below is refused in the standard's way, too."""
        raise NotFound("there is nothing at this address; see /open311/discovery.json")

    @door("POST", "/open311/<path:elsewhere>", summary="Nothing of Open311", **_LIKE_ALL)
    def open311_nothing_to_post(self, _call: Call) -> Reply:
        """Only requests are posted."""
        raise NotFound("nothing is posted to this address; see /open311/discovery.json")

    def _requests(self, found: list[Row], call: Call) -> Reply:
        shown = {above.path for row in found for above in answers.shown_area(row).ancestors()}
        places = queries.area_names(self.rows, sorted(shown))
        said = [answers.request(row, places) for row in found]
        if call.query["extensions"]:
            steps = queries.steps_of(self.rows, [str(row["report_id"]) for row in found])
            of_each: dict[str, list[Row]] = {}
            for step in steps:
                of_each.setdefault(str(step["report_id"]), []).append(step)
            for answer, row in zip(said, found, strict=True):
                answer |= answers.extended(row, of_each.get(str(row["report_id"]), []))
        return reply("service_requests", said, call.path["format"])

    def _numbered(self, numbers: Iterable[str], within: Area | None) -> list[Row]:
        wanted = list(dict.fromkeys(numbers))
        found = queries.numbered(self.rows, within, wanted)
        known = {row["number"] for row in found}
        ids = [_RECENT.get(number) for number in wanted if number not in known]
        new = [self._of_log(report_id) for report_id in ids if report_id is not None]
        return [row for row in new if within is None or Area(row["area"]).is_within(within)] + found

    def _of_log(self, report_id: UUID) -> Row:
        """The row of a report that the tables do not know yet."""
        first, *rest = self.log.stream(handlers.stream_of(report_id))
        row = new_row(first)
        for recorded in rest:
            move(row, recorded)
        kind = queries.kind(self.rows, row["issue_type"])
        return row | {"kind": None if kind is None else kind["name"], "department": None}

    def _number_of(self, token: str) -> str | None:
        try:
            history = self.log.stream(handlers.stream_of(UUID(token)))
        except ValueError:
            return None
        return history[0].event.number if history else None

    def _kind(self, code: str) -> Row:
        found = queries.kind(self.rows, code)
        if found is None:
            raise NotFound(f"service_code {code[:40]} was not found")
        return found

    def _jurisdiction(self, query: dict[str, Any]) -> Area | None:
        """The district that is meant; None for all of ours."""
        named = query["jurisdiction_id"]
        if named is None:
            return None
        known = queries.districts(self.rows)
        if named not in known:
            raise NotFound(f"jurisdiction_id {named[:40]} was not found; ours: {', '.join(known)}")
        return Area(named)

    def _told(self, asked: dict[str, Any], kind: Row) -> Told:
        urgency = definitions.urgency_of(asked["attribute"])
        lat, long, words = asked["lat"], asked["long"], asked["description"]
        point = None if lat is None else Point(lat=lat, lon=long)
        spot = Spot(point, asked["address_id"], asked["address_string"], ("lat/long", "address_id", "address_string"))
        return Told(
            area=locate(self.rows, spot),
            source=Source.RESIDENT,
            issue_type=kind["code"],
            urgency=urgency,
            title=_title(words) or kind["name"],
            words=answers.with_media(words or kind["name"], asked["media_url"]),
            place=asked["address_string"],
            point=point,
            name=_name(asked["first_name"], asked["last_name"]),
            phone=asked["phone"],
            email=asked["email"],
            external_number=None,
            photos=answers.photos_in(asked["media_url"], self.desk.public_url),
        )


def _title(words: str | None) -> str:
    """The first sentence, or as much of it as a title holds."""
    if words is None:
        return ""
    first = re.split(r"[\r\n。！？!?]|\. ", words.strip(), maxsplit=1)[0].strip()
    return first if len(first) <= _TITLE else first[: _TITLE - 1] + "…"


def _name(first: str | None, last: str | None) -> str | None:
    """As people of that script write it: 王大妈, Zach Williams."""
    if first is None or last is None:
        return first or last
    return f"{first} {last}" if (first + last).isascii() else f"{last}{first}"
