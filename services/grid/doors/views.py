"""Doors of the five-level views: an area's figures and the cases behind them, now or as of a past moment."""

from __future__ import annotations

from typing import Any

from services.grid.queries import behind, past, past_cases, views
from services.grid.queries import cases as case_queries
from services.grid.room import Room
from services.grid.schemas import (
    CaseListAnswer,
    CaseListQuery,
    DistrictsView,
    TimelineAnswer,
    ViewAnswer,
    ViewQuery,
)
from shared.kernel.area import Area
from shared.security import permission
from shared.web.call import SIGNED_IN, Call, Reply
from shared.web.door import door


class ViewDoors(Room):
    """五级视图."""

    @door("GET", "/api/v1/views", summary="All districts", query=ViewQuery, answer=DistrictsView, roles=SIGNED_IN)
    def all_districts(self, call: Call) -> Reply:
        """The figures of every district that the asker serves or lies in."""
        within, asked = call.signed_in.area, call.query
        if asked["at"] is None:
            return Reply(views.all_districts(self.rows, within, call.at, asked["days"]))
        then = past.moment(self.rows, asked["at"], call.at)
        return Reply(past.all_districts(self.rows, within, then, asked["days"]))

    @door(
        "GET",
        "/api/v1/views/<area>",
        summary="An area and its children",
        query=ViewQuery,
        answer=ViewAnswer,
        roles=SIGNED_IN,
    )
    def view(self, call: Call) -> Reply:
        """Cases by step and state, open, overdue, closed, on time, handling time, satisfaction, kinds, days: now, or
        with `at` what the system had recorded by then."""
        area, asked = Area.parse(call.path["area"]), call.query
        permission.require(call.asker, action_area=area)
        if asked["at"] is None:
            return Reply(views.view(self.rows, area, call.at, asked["days"]))
        return Reply(past.view(self.rows, area, past.moment(self.rows, asked["at"], call.at), asked["days"]))

    @door(
        "GET",
        "/api/v1/views/<area>/cases",
        summary="Cases of an area",
        query=CaseListQuery,
        answer=CaseListAnswer,
        roles=SIGNED_IN,
    )
    def case_list(self, call: Call) -> Reply:
        """Newest first, page by page; a department sees the cases that are its own. With `at`: those of that moment,
        each as it stood then."""
        area, asked = Area.parse(call.path["area"]), call.query
        asker = permission.require(call.asker, action_area=area)
        wanted: dict[str, Any] = {
            "area": area,
            "state": asked["state"] and asked["state"].value,
            "issue_type": asked["issue_type"],
            "department": asker.department if asker.role == "department" else asked["department"],
            "is_open": asked["open"],
            "overdue": asked["overdue"],
            "after": asked["after"],
        }
        if asked["at"] is None:
            return Reply(
                case_queries.list_cases(self.rows, case_queries.Wanted(**wanted, limit=asked["limit"]), call.at)
            )
        then = past.moment(self.rows, asked["at"], call.at)
        return Reply(past_cases.cases(self.rows, self.log, behind.Counted(**wanted), then, asked["limit"]))

    @door(
        "GET",
        "/api/v1/timeline/<uuid:case_id>",
        summary="One case's whole life",
        answer=TimelineAnswer,
        roles=SIGNED_IN,
    )
    def timeline(self, call: Call) -> Reply:
        """Every event of the case from all services, in order, with who did it and what it answers."""
        call.note(case_id=call.path["case_id"])
        area, found = case_queries.timeline(self.log, call.path["case_id"])
        permission.require(call.asker, action_area=area)
        return Reply(found)
