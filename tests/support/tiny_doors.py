"""A service with one door for every way that a request can end; run it with `python -m tests.support.tiny_doors`."""

from __future__ import annotations

import eventlet

if __name__ == "__main__":
    eventlet.monkey_patch()

import sys
import time
from collections.abc import Iterator

from marshmallow import fields, validate

from shared.entrypoints.runner import run
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unavailable
from shared.web.door import ANYONE, Call, Reply, door
from shared.web.fields import AreaField, Body, Instant, PointField, Text

ERRORS = {
    "invalid": Invalid("the number is wrong", where="number", hint="count again"),
    "forbidden": Forbidden("not here"),
    "missing": NotFound("there is no such case"),
    "refused": Refused("only an open case is closed", rule="case.not_open"),
    "conflict": Conflict("somebody else was first"),
    "unavailable": Unavailable("the database is away", retry_after=7),
}


class Told(Body):
    title = Text(longest=50, required=True)
    area = AreaField(required=True)
    point = PointField()
    happened_at = Instant()
    kind = fields.String(validate=validate.OneOf(["garbage", "light"]))


class Listed(Body):
    limit = fields.Integer(validate=validate.Range(1, 100), load_default=20)
    state = fields.List(fields.String(validate=validate.OneOf(["open", "closed"])))


class Heard(Body):
    title = fields.String(required=True)
    area = fields.String(required=True)
    idempotency_key = fields.String(required=True, allow_none=True)


class TinyDoors:
    """Doors for tests."""

    name = "intake"
    tries = 0

    @door("POST", "/api/v1/things", summary="Tell", body=Told, answer=Heard, status=201, roles=ANYONE)
    def tell(self, call: Call) -> Reply:
        key = call.idempotency_key
        return Reply({"title": call.body["title"], "area": call.body["area"], "idempotency_key": key})

    @door("GET", "/api/v1/things", summary="List", query=Listed, roles=ANYONE)
    def listed(self, call: Call) -> Reply:
        return Reply({"limit": call.query["limit"], "state": call.query.get("state", [])})

    @door("GET", "/api/v1/things/<uuid:case_id>", summary="Look", roles=ANYONE)
    def look(self, call: Call) -> Reply:
        return Reply({"case_id": call.path["case_id"], "phone": "none"})

    @door("GET", "/api/v1/errors/<kind>", summary="Fail", roles=ANYONE)
    def fail(self, call: Call) -> Reply:
        if call.path["kind"] in ERRORS:
            raise ERRORS[call.path["kind"]]
        raise KeyError("secret: call 13812345678")

    @door("GET", "/api/v1/second-try", summary="Lose twice, then win", roles=ANYONE)
    def second_try(self, _call: Call) -> Reply:
        TinyDoors.tries += 1
        if TinyDoors.tries % 3:
            raise Conflict("somebody else was first")
        return Reply({"tries": TinyDoors.tries})

    @door("GET", "/api/v1/staff", summary="Staff only", roles=("dispatcher", "duty_chief"))
    def staff(self, call: Call) -> Reply:
        return Reply({"asker": call.signed_in.id, "area": call.signed_in.area})

    @door("GET", "/api/v1/slow", summary="Take a while", roles=ANYONE)
    def slow(self, _call: Call) -> Reply:
        time.sleep(1.0)
        return Reply({"slept": True})

    @door("GET", "/api/v1/stream", summary="Say something now and something later", roles=ANYONE, media="text/plain")
    def stream(self, _call: Call) -> Reply:
        def words() -> Iterator[bytes]:
            yield b"now\n"
            time.sleep(1.5)
            yield b"later\n"

        return Reply(words(), media="text/plain")

    @door("GET", "/api/v1/wrong-answer", summary="Answer what cannot be said", roles=ANYONE)
    def wrong_answer(self, _call: Call) -> Reply:
        return Reply({"it": object()})


if __name__ == "__main__":
    sys.exit(run(lambda: TinyDoors, "intake"))
