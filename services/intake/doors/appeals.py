"""Doors that hold intake to its word: the reporter objects to a refusal, and what was mended is seen to last."""

from __future__ import annotations

from datetime import timedelta

from marshmallow import fields, validate

from services.intake import earliness, handlers, recurrence
from services.intake.room import Room
from services.intake.schemas import AppealBody, Done
from services.intake.telling import done
from shared.security.permission import require
from shared.web.call import ANYONE, Call, Reply
from shared.web.door import door
from shared.web.fields import AreaField, Body

READERS = ("acceptor", "supervisor", "dispatcher", "duty_chief", "leader", "reader", "operator")


class PeriodQuery(Body):
    """Where, and over how long."""

    area = AreaField(load_default=None, metadata={"description": "default: the area the asker serves"})
    days = fields.Integer(
        load_default=90,
        validate=validate.Range(1, 730),
        metadata={"description": "the days up to now; for recurrences also how soon something has to come back"},
    )


class RecurringReport(Body):
    """A report of something that had been mended."""

    report_id = fields.UUID(required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    reported_at = fields.AwareDateTime(required=True)
    before = fields.Dict(required=True, metadata={"description": "which report was closed, and how many days before"})


class RecurringPlace(Body):
    """A place where something comes back."""

    issue_type = fields.String(required=True)
    area = fields.String(required=True)
    times = fields.Integer(required=True)
    reports = fields.List(fields.Nested(RecurringReport), required=True)


class RecurrencesAnswer(Body):
    """How much of what was closed came back, and where."""

    closed = fields.Integer(required=True)
    recurred = fields.Integer(required=True)
    rate = fields.Float(allow_none=True, metadata={"description": "recurred ÷ closed; null when nothing was closed"})
    places = fields.List(fields.Nested(RecurringPlace), required=True)


class Lead(Body):
    """Issues by who told of them first."""

    issues = fields.Integer(required=True)
    hours_to_close = fields.Float(
        allow_none=True, metadata={"description": "median hours from known to closed; null when none was closed"}
    )


class EarlinessAnswer(Body):
    """Whether the city knows before people have to complain."""

    by_the_city = fields.Nested(Lead, required=True, metadata={"description": "patrols and devices"})
    by_the_public = fields.Nested(Lead, required=True)
    share = fields.Float(allow_none=True, metadata={"description": "of all issues, those that the city found first"})


class AppealDoors(Room):
    """Appeals, recurrences, earliness."""

    @door(
        "POST",
        "/api/v1/reports/<uuid:report_id>/appeal",
        summary="Object to a refusal",
        body=AppealBody,
        answer=Done,
        roles=ANYONE,
    )
    def appeal(self, call: Call) -> Reply:
        """申诉: once, by whoever holds the receipt's secret. The report waits again, and somebody looks anew."""
        report_id, said = call.path["report_id"], call.body
        return done(handlers.appeal(self.log, self.desk, report_id, said["secret"], said["reason"], call.cause()))

    @door(
        "GET",
        "/api/v1/reports/recurrences",
        summary="What came back",
        query=PeriodQuery,
        answer=RecurrencesAnswer,
        roles=READERS,
    )
    def recurrences(self, call: Call) -> Reply:
        """The same issue in the same place not long after it was closed: where mending does not last."""
        area, days = call.query["area"] or call.signed_in.area, call.query["days"]
        if area is not None:
            require(call.asker, area)
        return Reply(recurrence.recurring(self.rows, area, call.at - timedelta(days=days), days))

    @door(
        "GET",
        "/api/v1/reports/earliness",
        summary="Who knew first?",
        query=PeriodQuery,
        answer=EarlinessAnswer,
        roles=READERS,
    )
    def earliness(self, call: Call) -> Reply:
        """早知道: the share of issues that the city found before the public had to tell of them."""
        area, days = call.query["area"] or call.signed_in.area, call.query["days"]
        if area is not None:
            require(call.asker, area)
        return Reply(earliness.shares(self.rows, area, call.at - timedelta(days=days)))
