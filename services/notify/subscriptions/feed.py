"""The pull feed: public events in strict order; waiting for news costs neither a worker nor a connection."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from marshmallow import INCLUDE, fields, validate

from services.notify.subscriptions import handlers, matching, places
from services.notify.subscriptions.domain import State, Subscription, stream_of
from services.notify.subscriptions.replays import stored_after
from services.notify.subscriptions.selection import composed, wanted_of
from services.notify.subscriptions.trial import REQUEST, is_test, test_message
from shared.contracts.message import Message, Stored
from shared.contracts.public import cloud_event
from shared.contracts.subscription import DeliveryKind, Filter
from shared.kernel.errors import Refused
from shared.security.permission import Asker, require
from shared.web.door import Call, Reply, door
from shared.web.fields import AreaField, Body, Text

if TYPE_CHECKING:
    from shared.ports import EventLog, Rows

EVENTS = "/api/v1/events"
MEDIA = "application/cloudevents-batch+json"
CURSOR = "Wuji-Cursor"
"""Header of the answer: what the next request sends as `after`."""
LONGEST_WAIT = 30
_MOST = 1000
_STEP = 1000
_STEPS = 20
"""So many events at most, times the step, are looked at for one answer: a filter that wants little asks again."""
_FRESH = 0.25
_PULSE = 0.1


class FeedQuery(Body):
    """From where, how many, and which."""

    after = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(0, 2**62),
        metadata={"description": "the cursor of the answer before; 0 begins the log; absent: where the feed stands"},
    )
    limit = fields.Integer(load_default=100, validate=validate.Range(1, _MOST))
    type = fields.List(
        Text(longest=80, one_line=True),
        load_default=list,
        validate=validate.Length(max=matching.MOST),
        metadata={"description": "event types or patterns: case.*"},
    )
    area = fields.List(AreaField(), load_default=list, validate=validate.Length(max=matching.MOST))
    wait = fields.Integer(
        load_default=0,
        validate=validate.Range(0, LONGEST_WAIT),
        metadata={"description": "seconds for which an empty answer may be held back until there is something"},
    )


class EventBody(Body):
    """A CloudEvent, as JSON: attributes beside `data`. See the catalogue at /events/docs/ for the bodies."""

    class Meta:
        unknown = INCLUDE  # extension attributes, of which a later release may have more

    id = fields.UUID(required=True)
    type = fields.String(required=True, metadata={"example": "case.dispatched.v1"})
    source = fields.String(required=True)
    specversion = fields.String(required=True)
    subject = fields.String(required=True)
    time = fields.AwareDateTime(required=True)
    sequence = fields.String(required=True, metadata={"description": "the position, 20 digits"})
    data = fields.Dict(required=True)


@dataclass(slots=True)
class Tail:
    """The end of the log as this process last saw it; those who wait share one look."""

    head: int = -1
    seen_at: float = float("-inf")

    def look(self, rows: Rows) -> int:
        """The last position, a quarter of a second old at most. Raises Unavailable."""
        if time.monotonic() - self.seen_at > _FRESH:
            self.seen_at = time.monotonic()
            self.head = places.head(rows)
        return self.head

    def beyond(self, rows: Rows, position: int, until: float) -> None:
        """Wait until the log goes beyond a position, or the time is up."""
        while time.monotonic() < until and self.look(rows) <= position:
            time.sleep(min(_PULSE, max(0.0, until - time.monotonic())))


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, and how far was looked."""

    events: list[dict[str, Any]]
    reached: int


_tail = Tail()


class FeedDoors:
    """What NotifyService inherits."""

    if TYPE_CHECKING:
        log: EventLog
        rows: Rows

    @door(
        "GET",
        EVENTS,
        summary="Public events in order",
        query=FeedQuery,
        answer=EventBody,
        many=True,
        media=MEDIA,
        roles=("subscriber", "department", "reader", "operator"),
    )
    def events(self, call: Call) -> Reply:
        """Events after a position, ascending by `sequence`; the header `Wuji-Cursor` is the next request's `after`.

        A subscriber's token gets what its subscription wants. For a pull subscription, `after` also says that
        everything up to there has arrived: its place moves there, and is where an `after` left out begins.
        """
        asker, query = call.signed_in, call.query
        subscription = handlers.load(self.log, asker.subscription or "", asker) if asker.subscription else None
        after = self._begun(subscription, query["after"])
        filters = _filters(asker, subscription, query)
        # What was looked at while waiting is not looked at again.
        stream = None if subscription is None else stream_of(subscription.name)
        page = self._page(filters, stream, call.notes.get("reached", after), query["limit"])
        until = call.notes.setdefault("until", time.monotonic() + query["wait"])
        call.note(events=len(page.events), reached=page.reached)
        if not page.events and time.monotonic() < until and page.reached >= _tail.look(self.rows):
            rows, reached = self.rows, page.reached
            return Reply(wait=lambda: _tail.beyond(rows, reached, until))
        del call.notes["until"]
        following = urlencode(
            [("after", page.reached), ("limit", query["limit"]), *(("type", one) for one in query["type"])]
            + [("area", one.path) for one in query["area"]]
            + [("wait", query["wait"])]
        )
        headers = {CURSOR: str(page.reached), "Link": f'<{EVENTS}?{following}>; rel="next"'}
        return Reply(orjson.dumps(page.events), headers=headers, media=MEDIA)

    def _begun(self, subscription: Subscription | None, after: int | None) -> int:
        if subscription is None or subscription.delivery is not DeliveryKind.PULL:
            return after or 0
        if subscription.state is not State.ACTIVE:
            raise Refused(
                f"{subscription.name} is {subscription.state}",
                rule=f"subscription.{subscription.state}",
                hint=f"wuji sub resume {subscription.name}",
            )
        known = places.TablePlaces(self.rows)
        place = known.of(subscription.subscription_id)
        if after is None:
            return place
        if place < after <= places.head(self.rows):
            known.advance(subscription.subscription_id, place, after, 0)
        return after

    def _page(self, filters: list[Filter], stream: str | None, after: int, limit: int) -> Page:
        found: list[dict[str, Any]] = []
        reached = after
        for _ in range(_STEPS):
            window = stored_after(self.rows, reached, _STEP)
            if not window:
                break
            chosen = _chosen(filters, self.rows, window, stream)
            room = limit - len(found)
            found += [cloud_event(_composed(filters, one)) for one in chosen[:room]]
            if len(chosen) >= room:
                return Page(found, chosen[room - 1].position)
            reached = window[-1].position
            if found and len(found) * 2 > limit:
                break
        return Page(found, reached)


def _filters(asker: Asker, subscription: Subscription | None, query: dict[str, Any]) -> list[Filter]:
    """What the asker may see and what they ask for: an event must fit all of them."""
    areas = tuple(area.path for area in query["area"])
    if asker.area is not None:
        for area in query["area"]:
            require(asker, area)
        areas = areas or (asker.area.path,)
    asked = matching.checked(Filter(types=tuple(query["type"]), areas=areas, issue_types=(), departments=()))
    return [asked] if subscription is None else [subscription.filter, asked]


def _chosen(filters: list[Filter], rows: Rows, window: list[Stored], stream: str | None) -> list[Stored]:
    chosen = window
    # The last filter asks nothing of the database; it comes first.
    for wanted in reversed(filters):
        chosen = wanted_of(wanted, rows, chosen)
    tests = [one for one in window if is_test(one, stream)]
    return sorted([*chosen, *tests], key=lambda one: one.position) if tests else chosen


def _composed(filters: list[Filter], stored: Stored) -> Message:
    if stored.type == REQUEST:
        return test_message(stored, filters[0])
    return composed(stored, _version(filters, stored))


def _version(filters: list[Filter], stored: Stored) -> int | None:
    named = (matching.version_wanted(wanted, stored.type) for wanted in reversed(filters))
    return next((version for version in named if version is not None), None)
