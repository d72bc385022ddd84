"""The desk's page 受理台: what waits, the oldest first, and all that is needed to decide about one of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from marshmallow import fields

from services.intake import duplicates, handlers, queries, queries_pages, recurrence, sources
from services.intake.places import BOUNDARIES
from services.intake.reasons import reasons
from services.intake.room import PAGES, Room
from shared.contracts.shapes import Point
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Invalid, NotFound, Refused
from shared.kernel.ids import new_id
from shared.pages.language import of_call
from shared.pages.page import PageQuery, page, to
from shared.web.call import Call, Reply
from shared.web.fields import Body, Text

ACCEPTORS = ("acceptor", "duty_chief")
_SHOWN = 60


class DeskQuery(PageQuery):
    """Which step has just been taken, to say so, and with which report: the tables hear of it in a moment."""

    done = fields.String(load_default="")
    report = fields.UUID(load_default=None)


class DeskForm(Body):
    """What any of the desk's forms may say."""

    key = Text(longest=100, shortest=0, load_default="")
    reason_code = Text(longest=60, shortest=0, load_default="")
    words = Text(longest=1_000, shortest=0, load_default="")
    into = Text(longest=60, shortest=0, load_default="")
    assignee = Text(longest=80, shortest=0, load_default="")


class DeskPages(Room):
    """受理台."""

    @page("GET", "/desk", summary="The desk", query=DeskQuery, roles=ACCEPTORS)
    def desk_page(self, call: Call) -> Reply:
        """The list; on a wide window with the oldest report beside it."""
        found = queries.waiting(self.rows, call.signed_in.area, None, None, _SHOWN)
        waiting = [one for one in found if str(one["report_id"]) != str(call.query["report"])]
        first = waiting[0]["report_id"] if waiting else None
        return self._shown(call, waiting, None if first is None else UUID(str(first)), done=call.query["done"])

    @page("GET", "/desk/<uuid:report_id>", summary="One report at the desk", query=PageQuery, roles=ACCEPTORS)
    def desk_report(self, call: Call) -> Reply:
        """What was told, what may be the same, what came back, and what can be done."""
        return self._one(call)

    @page("POST", "/desk/<uuid:report_id>/accept", summary="Accept it", body=DeskForm, roles=ACCEPTORS)
    def desk_accept(self, call: Call) -> Reply:
        """受理: it becomes a case."""
        must_look = partial(queries.needs_verification, self.rows)
        return self._done(call, "accept", partial(handlers.accept, self.log, must_look, call.path["report_id"]))

    @page("POST", "/desk/<uuid:report_id>/reject", summary="Refuse it", body=DeskForm, roles=ACCEPTORS)
    def desk_reject(self, call: Call) -> Reply:
        """不予受理: with a reason that the reporter is told."""
        said = call.body
        if said["reason_code"] not in reasons():
            return self._one(call, wrong="请选择不予受理的原因 / choose a reason", status=400)
        told = (call.path["report_id"], said["reason_code"], said["words"] or None)
        return self._done(call, "reject", partial(handlers.reject, self.log, *told))

    @page("POST", "/desk/<uuid:report_id>/merge", summary="Merge it", body=DeskForm, roles=ACCEPTORS)
    def desk_merge(self, call: Call) -> Reply:
        """并案: it goes on under the other one."""
        try:
            into = UUID(call.body["into"])
        except ValueError:
            return self._one(call, wrong="请选择并入哪一件 / choose the report that stays", status=400)
        return self._done(call, "merge", partial(handlers.merge, self.log, call.path["report_id"], into))

    @page("POST", "/desk/<uuid:report_id>/unmerge", summary="Take the merge back", body=DeskForm, roles=ACCEPTORS)
    def desk_unmerge(self, call: Call) -> Reply:
        """撤销并案."""
        return self._done(call, "unmerge", partial(handlers.unmerge, self.log, call.path["report_id"]))

    @page("POST", "/desk/<uuid:report_id>/look", summary="Have somebody look", body=DeskForm, roles=ACCEPTORS)
    def desk_look(self, call: Call) -> Reply:
        """核实: a grid worker or supervisor goes there first."""
        assignee = call.body["assignee"].strip() or None

        def ask(asker: Any, cause: Cause) -> object:
            return handlers.request_verification(self.log, call.path["report_id"], asker, cause, assignee)

        return self._done(call, "look", ask)

    def _done(self, call: Call, name: str, command: Any) -> Reply:
        """Do it, and go on with the next; what somebody else was quicker with is said on the page."""
        key = call.body["key"]
        cause = call.cause()
        if key:
            cause = replace(cause, idempotency_key=f"intake:desk:{call.signed_in.id}:{name}:{key}")
        try:
            command(call.signed_in, cause)
        except (Refused, Invalid, Forbidden, NotFound) as error:
            rule = error.rule if isinstance(error, Refused) else ""
            return self._one(call, wrong=str(error), rule=rule, status=error.status)
        return to(f"/desk?done={name}&report={call.path['report_id']}")

    def _one(self, call: Call, *, wrong: str = "", rule: str = "", status: int = 200) -> Reply:
        waiting = queries.waiting(self.rows, call.signed_in.area, None, None, _SHOWN)
        return self._shown(call, waiting, call.path["report_id"], wrong=wrong, rule=rule, status=status, is_chosen=True)

    def _shown(
        self,
        call: Call,
        waiting: list[dict[str, Any]],
        report_id: UUID | None,
        *,
        status: int = 200,
        done: str = "",
        wrong: str = "",
        rule: str = "",
        is_chosen: bool = False,
    ) -> Reply:
        language = of_call(call)
        names = {
            kind["code"]: kind["name"] if language == "zh" else kind["name_en"]
            for group in queries_pages.kinds(self.rows)
            for kind in group["kinds"]
        }
        return PAGES.render(
            call,
            "desk.html",
            status=status,
            waiting=waiting,
            more=len(waiting) == _SHOWN,
            report=None if report_id is None else self._about(call, report_id),
            is_chosen=is_chosen,
            done=done,
            wrong=wrong,
            rule=rule,
            names=names,
            reasons={code: one.zh if language == "zh" else one.en for code, one in reasons().items()},
            key=str(new_id()),
        )

    def _about(self, call: Call, report_id: UUID) -> dict[str, Any]:
        founding = handlers.founding(self.log, report_id, call.signed_in)
        found = queries.one(self.rows, report_id)
        must_look = sources.must_look(founding.event.source, queries.needs_verification(self.rows, found["issue_type"]))
        return {
            **found,
            "line": queries_pages.line(self.rows, Area(found["area"])),
            "candidates": duplicates.candidates(self.rows, founding.event, founding.area)[:5],
            "recurs": recurrence.earlier(self.rows, report_id)[:3],
            "shas": [one.removeprefix("photo:") for one in found["photos"]],
            "outside": self._outside(founding.area, founding.event.point),
            "must_look": found["found"] is None and (must_look or found["state"] == "verifying"),
            "last": ((queries.progress(self.rows, report_id) or {}).get("steps") or [None])[-1],
        }

    def _outside(self, area: Area, point: Point | None) -> int | None:
        """How many metres the point lies outside of the area that was said, beyond what the device may be wrong by."""
        away = None if point is None else BOUNDARIES.metres_outside(self.rows, area, point)
        beyond = 0 if point is None or away is None else round(away - (point.accuracy or 0.0))
        return beyond if beyond > 0 else None
