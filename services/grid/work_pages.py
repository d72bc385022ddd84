"""Grid's pages for those who look: checks to be answered, and the life of one case for whoever shows it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from services.grid import spot_map
from services.grid.domain.checks import Finding
from services.grid.doors.check_schemas import MOST_PHOTOS
from services.grid.handlers.checks import answer_check
from services.grid.queries import behind, to_check
from services.grid.queries.cases import timeline
from services.grid.room import PAGES, Room
from shared.kernel.errors import Forbidden, Invalid, NotFound, Refused
from shared.kernel.ids import new_id
from shared.pages.language import of_call
from shared.pages.page import PageQuery, is_fragment, page, to
from shared.security import permission
from shared.web.call import Call, Reply
from shared.web.fields import Body, Text

CHECKERS = ("supervisor", "grid_worker")
_PHOTO = re.compile(r"photo:[0-9a-f]{64}")
_TELLS = ("reason", "answer", "findings", "because", "words", "title")
"""Fields of an event that say in words what happened; the first that there is."""
_QUIET = (
    "clock.started",
    "clock.stopped",
    "clock.paused",
    "clock.recomputed",
    "photo.stored",
    "notice.requested",
    "notice.delivered",
)
"""What goes along with other steps, and is shown in other places."""
_AGAIN = ("report.accepted", "case.filed", "case.self_handled")
"""Events that say once more what was told first."""


class ChecksPageQuery(PageQuery):
    """Mine, or all of my area; and whether one has just been answered."""

    view = fields.String(load_default="mine", validate=validate.OneOf(["mine", "all"]))
    done = fields.String(load_default="")


class CheckForm(Body):
    """What was found."""

    key = Text(longest=100, shortest=0, load_default="")
    outcome = fields.String(load_default="", validate=validate.OneOf(["", "pass", "fail"]))
    findings = Text(longest=2_000, shortest=0, load_default="")
    photos = Text(longest=2_000, shortest=0, load_default="")
    task_ids = fields.Raw(load_default=list)


class CheckPages(Room):
    """核查、案件经过."""

    @page("GET", "/checks", summary="What is to be checked", query=ChecksPageQuery, roles=CHECKERS)
    def checks_page(self, call: Call) -> Reply:
        """By deadline; asked for by htmx, only the list."""
        found = to_check.pending(self.rows, call.signed_in, call.at, mine=call.query["view"] == "mine")
        language = of_call(call)
        return PAGES.render(
            call,
            "checks.html",
            block="waiting" if is_fragment(call) else None,
            view=call.query["view"],
            done=call.query["done"],
            checks=found,
            kinds=behind.names(self.rows, "issue_type", (one["issue_type"] for one in found), language),
            departments=behind.names(self.rows, "department", (one["department"] for one in found), language),
        )

    @page("GET", "/checks/<uuid:check_id>", summary="One check", query=PageQuery, roles=CHECKERS)
    def check_page(self, call: Call) -> Reply:
        """What was told, what was answered, before and after; and the form for what is found."""
        return self._check(call, CheckForm().load({}))

    @page("POST", "/checks/<uuid:check_id>", summary="Say what was found", body=CheckForm, roles=CHECKERS)
    def check_answer(self, call: Call) -> Reply:
        """It is solved, or it goes back: to all tasks of the case, or to those that were named."""
        said, check_id = call.body, call.path["check_id"]
        if not said["outcome"] or not said["findings"].strip():
            return self._check(call, said, missing=True, status=400)
        finding = Finding(
            passed=said["outcome"] == "pass",
            findings=said["findings"],
            task_ids=() if said["outcome"] == "pass" else _ids(said["task_ids"]),
            photos=tuple(dict.fromkeys(_PHOTO.findall(said["photos"])))[:MOST_PHOTOS],
        )
        key = f"grid:check_page:{call.signed_in.id}:{said['key']}" if said["key"] else None
        try:
            answer_check(self.log, check_id, call.signed_in, replace(call.cause(), idempotency_key=key), finding)
        except (Refused, Invalid, Forbidden) as error:
            return self._check(call, said, wrong=str(error), status=error.status)
        return to(f"/checks?done={said['outcome']}")

    @page("GET", "/areas/case/<uuid:case_id>/timeline", summary="A case's whole life", query=PageQuery)
    def timeline_page(self, call: Call) -> Reply:
        """Every step with who, when, what and why; asked for by htmx, the part that other pages show."""
        area, found = timeline(self.log, call.path["case_id"])
        permission.require(call.asker, action_area=area)
        events = [_entry(one) for one in found["events"] if one["type"] not in _QUIET]
        named = {one["event_id"]: one["type"] for one in found["events"]}
        departments = behind.names(
            self.rows, "department", (one["actor"]["department"] for one in events), of_call(call)
        )
        return PAGES.render(
            call,
            "timeline.html",
            block="events" if is_fragment(call) else None,
            case_id=call.path["case_id"],
            events=list(reversed(events)),
            named=named,
            departments=departments,
        )

    @page("GET", "/areas/case/<uuid:case_id>/where", summary="Where a case lies", query=PageQuery)
    def where_page(self, call: Call) -> Reply:
        """A small map, where there are boundaries; asked for by htmx, the part that other pages show."""
        history = self.log.about(call.path["case_id"])
        if not history:
            raise NotFound(f"没有这个案件 · there is no case {call.path['case_id']}")
        area = history[0].area
        permission.require(call.asker, action_area=area)
        spot = spot_map.around(self.rows, area, spot_map.point_of(history))
        block = "spot" if is_fragment(call) else None
        return PAGES.render(call, "spot.html", block=block, case_id=call.path["case_id"], spot=spot)

    def _check(
        self, call: Call, said: dict[str, Any], *, wrong: str = "", missing: bool = False, status: int = 200
    ) -> Reply:
        area, found = to_check.one(self.log, call.path["check_id"])
        permission.require(call.asker, action_area=area)
        language = of_call(call)
        kind = found["told"] and found["told"].issue_type
        return PAGES.render(
            call,
            "check.html",
            status=status,
            check=found,
            area=area,
            place=behind.names_of_areas(self.rows, [area.path]).get(area.path, area.path),
            kind=behind.names(self.rows, "issue_type", [kind], language).get(kind, "—"),
            departments=behind.names(
                self.rows, "department", (one["department"] for one in found["answers"]), language
            ),
            said=said,
            wrong=wrong,
            missing=missing,
            key=said["key"] or str(new_id()),
        )


def _ids(found: Any) -> tuple[UUID, ...]:
    """The tasks that were ticked. Raises Invalid for what is no id."""
    try:
        return tuple(UUID(one) for one in (found if isinstance(found, list) else [found]) if one)
    except (ValueError, AttributeError, TypeError) as error:
        raise Invalid("this is no task", where="task_ids") from error


def _entry(one: dict[str, Any]) -> dict[str, Any]:
    """An event as the page shows it: with its words, and the photos that it names."""
    data = one["data"]
    tells = () if one["type"] in _AGAIN else _TELLS
    words = next((data[name] for name in tells if isinstance(data.get(name), str) and data[name]), "")
    photos = [
        sha.removeprefix("photo:")
        for name in ("photos", "evidence", "before", "after")
        for sha in data.get(name) or ()
        if isinstance(sha, str) and sha.startswith("photo:")
    ]
    return {**one, "words": words, "photos": photos, "department": data.get("department"), "due_at": data.get("due_at")}
