"""Doors of visits: from the field one by one or all at once, answers, ratings, and the shares of households met."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from marshmallow import ValidationError

from services.grid.domain.visits import AHEAD, Seen
from services.grid.doors.answers import done, today, within
from services.grid.doors.visit_schemas import (
    FieldAnswer,
    FieldVisitsBody,
    RatesAnswer,
    RatesQuery,
    RatingBody,
    ReplyBody,
    VisitItem,
    VisitKept,
    VisitsAnswer,
    VisitsQuery,
)
from services.grid.handlers import visits as handlers
from services.grid.queries import visits as queries
from services.grid.room import Room
from services.grid.schemas import Done
from shared.kernel.area import Area
from shared.kernel.errors import Refused, Unavailable, WujiError
from shared.web.call import SIGNED_IN, Call, Reply
from shared.web.door import door

_VISITORS = ("grid_worker", "supervisor", "volunteer")
_ITEM = VisitItem()


class VisitDoors(Room):
    """走访:走、记、办、回、评."""

    @door(
        "POST",
        "/api/v1/field/visits",
        summary="Visits from the field, all at once",
        body=FieldVisitsBody,
        answer=FieldAnswer,
        roles=_VISITORS,
    )
    def field_visits(self, call: Call) -> Reply:
        """What a device kept while it was offline: safe to send again, and one that is wrong leaves the others alone.
        The figures count each on the day in the field."""
        skew = _skew(call.at, call.body["sent_at"])
        results = [self._judged(call, said, skew) for said in call.body["visits"]]
        counts = {name: sum(one["outcome"] == name for one in results) for name in ("stored", "repeated", "refused")}
        return Reply({**counts, "results": results})

    @door(
        "POST",
        "/api/v1/visits",
        summary="Record a visit",
        body=VisitItem,
        answer=VisitKept,
        status=201,
        roles=_VISITORS,
    )
    def record_visit(self, call: Call) -> Reply:
        """Somebody was at the door; the same `client_id` again is the same visit."""
        kept = self._record(call, call.body, timedelta())
        return Reply({"visit_id": kept.visit_id, "repeated": not kept.is_new}, status=201 if kept.is_new else 200)

    @door("GET", "/api/v1/visits", summary="Visits", query=VisitsQuery, answer=VisitsAnswer, roles=SIGNED_IN)
    def visits(self, call: Call) -> Reply:
        """Newest first, page by page."""
        asked = {name: value for name, value in call.query.items() if name != "area"}
        return Reply(queries.visits(self.rows, queries.Wanted(within=within(call), **asked)))

    @door(
        "GET",
        "/api/v1/visits/rates",
        summary="Households visited and met",
        query=RatesQuery,
        answer=RatesAnswer,
        roles=SIGNED_IN,
    )
    def visit_rates(self, call: Call) -> Reply:
        """Grid by grid and together, by the day in the field."""
        asked = call.query
        last = asked["last"] or today(call)
        first = asked["first"] or last.replace(day=1)
        return Reply(queries.rates(self.rows, within(call), asked["grid"], first, last, call.at))

    @door(
        "POST",
        "/api/v1/visits/<uuid:visit_id>/reply",
        summary="Answer the household",
        body=ReplyBody,
        answer=Done,
        roles=(*_VISITORS, "dispatcher", "duty_chief"),
    )
    def reply_to_visit(self, call: Call) -> Reply:
        """What was owed since the visit; whether it was in time is kept."""
        which, words = call.path["visit_id"], call.body["words"]
        return done(handlers.reply_to_visit(self.log, which, call.signed_in, call.cause(), words=words))

    @door(
        "POST",
        "/api/v1/visits/<uuid:visit_id>/rate",
        summary="What the household thinks of it",
        body=RatingBody,
        answer=Done,
        roles=("supervisor", "hotline", "window", "grid_worker"),
    )
    def rate_visit(self, call: Call) -> Reply:
        """Once, as the household says it at the door or on the phone."""
        return done(handlers.rate_visit(self.log, call.path["visit_id"], call.signed_in, call.cause(), **call.body))

    def _record(self, call: Call, said: dict[str, Any], skew: timedelta) -> handlers.Kept:
        day = today(call)

        def grid_of(area: Area) -> str | None:
            return queries.grid_of(self.rows, area, day)

        hours = timedelta(hours=self.settings.count("WUJI_VISIT_REPLY_HOURS"))
        return handlers.record_visit(
            self.log,
            grid_of,
            call.signed_in,
            call.cause(),
            seen=Seen(**said, happened_at=said["captured_at"] + skew),
            reply_within=hours,
        )

    def _judged(self, call: Call, said: dict[str, Any], skew: timedelta) -> dict[str, Any]:
        """One of many. Raises Unavailable, when none of the rest can be kept either: the whole is sent again."""
        client_id = said.get("client_id")
        name = client_id if isinstance(client_id, str) else None
        try:
            kept = self._record(call, _loaded(said), skew)
        except ValidationError as error:
            problem = {"title": "Invalid input", "detail": "some fields are wrong", "errors": error.messages}
            return {"client_id": name, "outcome": "refused", "visit_id": None, "status": 400, "problem": problem}
        except Unavailable:
            raise
        except WujiError as error:
            return {
                "client_id": name,
                "outcome": "refused",
                "visit_id": None,
                "status": error.status,
                "problem": _problem(error),
            }
        return {
            "client_id": name,
            "outcome": "stored" if kept.is_new else "repeated",
            "visit_id": kept.visit_id,
            "status": 201 if kept.is_new else 200,
            "problem": None,
        }


def _skew(now: datetime, sent_at: datetime | None) -> timedelta:
    """How far the device's clock is behind ours; what the way takes is none of it."""
    skew = timedelta() if sent_at is None else now - sent_at
    return skew if abs(skew) > AHEAD else timedelta()


def _loaded(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _ITEM.load(said)
    return found


def _problem(error: WujiError) -> dict[str, Any]:
    problem: dict[str, Any] = {"title": error.title, "detail": str(error), "where": error.where, "hint": error.hint}
    if isinstance(error, Refused):
        problem["rule"] = error.rule
    return problem
