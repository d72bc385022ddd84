"""Doors to figures: what they are, how they stand, the cases behind them, and their announcements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.survey import appraisals
from services.survey.domain.indicators import INDICATORS, indicator
from services.survey.domain.scores import jinniu
from services.survey.queries import appraisals as announcements
from services.survey.queries.figures import Wanted, cases_behind, figures, narrowed, window
from services.survey.room import Room
from services.survey.schemas_figures import (
    AppraisalAnswer,
    AppraisalQuery,
    AppraisalsAnswer,
    AppraisalsQuery,
    CasesAnswer,
    CasesQuery,
    FiguresAnswer,
    FiguresQuery,
    IndicatorsAnswer,
    PublishBody,
    RestateBody,
)
from shared.web.call import ANYONE, Call, Reply
from shared.web.door import door

READERS = ("supervisor", "dispatcher", "department", "duty_chief", "leader", "reader", "operator")
ANNOUNCERS = ("duty_chief", "leader", "operator")
DAYS = 30
"""The window when nobody names one: so many days up to yesterday, as the national evaluation does."""
APPRAISALS = "/api/v1/appraisals"


class FigureDoors(Room):
    """考核评价: figures."""

    @door("GET", "/api/v1/indicators", summary="What is measured", answer=IndicatorsAnswer, roles=ANYONE)
    def indicators(self, _call: Call) -> Reply:
        """指标: every figure with its formula, so that nobody has to guess a denominator."""
        return Reply({"indicators": [_described(found) for found in INDICATORS]})

    @door("GET", "/api/v1/figures", summary="How they stand", query=FiguresQuery, answer=FiguresAnswer, roles=READERS)
    def figures(self, call: Call) -> Reply:
        """Every indicator for a window, an area and a grouping, as of now or of an earlier place in the log."""
        wanted = _wanted(call)
        found = figures(self.rows, wanted)
        for group in found["groups"]:
            ratios = {figure["indicator"]: figure["ratio"] for figure in group["figures"]}
            group["score"] = jinniu(ratios)
        return Reply({"since": wanted.since, "until": wanted.until, "by": wanted.by, **found})

    @door(
        "GET",
        "/api/v1/figures/cases",
        summary="The cases behind a number",
        query=CasesQuery,
        answer=CasesAnswer,
        roles=READERS,
    )
    def cases_behind(self, call: Call) -> Reply:
        """Exactly the rows that the number counts."""
        asked = call.query
        found = cases_behind(
            self.rows,
            _wanted(call),
            indicator(asked["indicator"]),
            asked["part"],
            asked["key"],
            asked["after"],
            asked["limit"],
        )
        return Reply(found)

    @door(
        "POST",
        APPRAISALS,
        summary="Announce figures",
        body=PublishBody,
        answer=AppraisalAnswer,
        status=201,
        roles=ANNOUNCERS,
    )
    def publish(self, call: Call) -> Reply:
        """考核发布: the figures of a window that has ended, counted now, never to change again."""
        said = call.body
        since, until = window(said["first_day"], said["last_day"])
        wanted = appraisals.Announcement(
            title=said["title"], area=said["area"], by=said["by"], since=since, until=until
        )
        appraisals.publish(self.log, self.rows, wanted, call.signed_in, call.cause())
        return self._appraisal(call, wanted.appraisal_id, None)

    @door(
        "POST",
        f"{APPRAISALS}/<uuid:appraisal_id>/restate",
        summary="Announce them anew",
        body=RestateBody,
        answer=AppraisalAnswer,
        roles=ANNOUNCERS,
    )
    def restate(self, call: Call) -> Reply:
        """更正发布: after a late correction, with the reason; the old version stays readable."""
        appraisal_id = call.path["appraisal_id"]
        reason = call.body["reason"]
        appraisals.restate(self.log, self.rows, appraisal_id, reason, call.signed_in, call.cause())
        return self._appraisal(call, appraisal_id, None)

    @door(
        "GET",
        APPRAISALS,
        summary="What was announced",
        query=AppraisalsQuery,
        answer=AppraisalsAnswer,
        roles=READERS,
    )
    def appraisals(self, call: Call) -> Reply:
        """Announcements of the asker's area, the latest window first."""
        return Reply(announcements.announced(self.rows, call.signed_in, call.query["area"]))

    @door(
        "GET",
        f"{APPRAISALS}/<uuid:appraisal_id>",
        summary="One announcement",
        query=AppraisalQuery,
        answer=AppraisalAnswer,
        roles=READERS,
    )
    def appraisal(self, call: Call) -> Reply:
        """In any of its versions, with what differs from the one before."""
        return self._appraisal(call, call.path["appraisal_id"], call.query["version"])

    def _appraisal(self, call: Call, appraisal_id: UUID, version: int | None) -> Reply:
        call.note(appraisal_id=appraisal_id)
        return Reply(announcements.one(self.log, appraisal_id, call.signed_in, version))


def _wanted(call: Call) -> Wanted:
    asked = call.query
    last = asked["last_day"] or (call.at + timedelta(hours=8)).date() - timedelta(days=1)
    first = asked["first_day"] or last - timedelta(days=DAYS - 1)
    since, until = window(first, last)
    area, department = narrowed(asked["area"], asked["department"], call.signed_in)
    return Wanted(
        since=since,
        until=until,
        at=asked["at"] or call.at,
        area=area,
        by=asked["by"],
        department=department,
        issue_type=asked["issue_type"],
        source=asked["source"],
        position=asked["position"],
        role=asked["role"],
    )


def _described(found: Any) -> dict[str, Any]:
    return {
        "code": found.code,
        "name": found.name.zh,
        "name_en": found.name.en,
        "formula": found.formula.zh,
        "formula_en": found.formula.en,
        "counts": found.kind.value,
        "window": found.window.value,
        "role": found.role,
        "is_rate": found.is_rate,
    }
