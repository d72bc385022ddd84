"""Dispatch's pages: the work list 我的 / 全部, many cases dispatched at once, and the case itself with its forms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from services.dispatch import handlers
from services.dispatch.case_forms import merge_target, send
from services.dispatch.case_view import about, beside
from services.dispatch.page_schemas import BulkForm, BulkQuery, CaseForm, CasePageQuery, WorkQuery
from services.dispatch.queries.places import children, names
from services.dispatch.queries.queues import MOST, Asked, cases, position, queues
from services.dispatch.queries.remaining import remaining
from services.dispatch.room import PAGES, called
from services.dispatch.undo_pages import UndoPages, dispatched_address
from shared.contracts.case import Loop
from shared.contracts.report import Urgency
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Invalid, Refused, WujiError
from shared.kernel.ids import new_id
from shared.pages.language import of_call
from shared.pages.page import is_fragment, page, to
from shared.security import permission
from shared.web.call import Call, Reply

WORKERS = ("dispatcher", "department", "duty_chief", "leader", "supervisor", "grid_worker", "volunteer")
_FILTERS = ("queue", "area", "issue_type", "department", "loop", "late")


class Plan(NamedTuple):
    """What would be dispatched where: department → its cases; and those that a person has to decide about."""

    departments: dict[str, list[dict[str, Any]]]
    unclear: list[dict[str, Any]]


class WorkPages(UndoPages):
    """工作台、案件."""

    @page("GET", "/work", summary="The work list", query=WorkQuery, roles=WORKERS)
    def work_page(self, call: Call) -> Reply:
        """我的: my queues in my area, the most pressing first; 全部: everything that is open there."""
        asker, said, book = call.signed_in, call.query, self.rulebooks.current(call.at)
        area = Area.parse(said["area"]) if said["area"] else None
        permission.require(asker, action_area=area)
        asked = Asked(
            mine=said["view"] == "mine",
            queue=said["queue"] or None,
            area=area,
            issue_type=said["issue_type"] or None,
            department=said["department"] or None,
            loop=said["loop"] or None,
            late=said["late"] == "yes",
            after=said["after"] or None,
        )
        today = book.calendar.local(call.at).date()
        found = cases(self.rows, asker, asked, call.at, today)
        for case in found["cases"]:
            case["light"] = remaining(case, book.calendar, call.at)
        return PAGES.render(
            call,
            "work.html",
            block="lines" if is_fragment(call) else None,
            position=position(self.rows),
            today=today,
            said=said,
            queues=queues(self.rows, asker, today),
            most=MOST,
            cases=found["cases"],
            next_page=found["next_after"] and _address(said, after=found["next_after"]),
            link=lambda **more: _address(said, **more),
            is_filtered=any(said[name] for name in _FILTERS if name != "queue"),
            places=children(self.rows, asker.area),
            where=names(self.rows, (case["area"] for case in found["cases"])),
            names=called(book, of_call(call)),
        )

    @page("GET", "/work/bulk", summary="What would be dispatched where", query=BulkQuery, roles=("dispatcher",))
    def bulk_page(self, call: Call) -> Reply:
        """The proposal of the responsibility list for each case that was ticked, before anything is done."""
        return self._bulk(call, call.query["case_id"])

    @page("POST", "/work/bulk", summary="Dispatch them", body=BulkForm, roles=("dispatcher",))
    def bulk_dispatch(self, call: Call) -> Reply:
        """Each to the department that the list proposes; what somebody else was quicker with is said, and why."""
        chosen, book, key = call.body["case_id"], self.rulebooks.current(call.at), call.body["key"]
        refused: list[tuple[str, str]] = []
        done: list[UUID] = []
        for text in chosen:
            try:
                case_id = UUID(text)
                cause = replace(call.cause(), idempotency_key=f"dispatch:bulk:{call.signed_in.id}:{key}:{case_id}")
                handlers.dispatch(self.log, book, case_id, call.signed_in, cause, department=None)
                done.append(case_id)
            except (WujiError, ValueError) as error:
                refused.append((text, str(error)))
        if refused:
            return self._bulk(call, [UUID(text) for text, _ in refused], dict(refused), done)
        return to(dispatched_address(done))

    @page("GET", "/cases/<uuid:case_id>", summary="One case", query=CasePageQuery)
    def case_page(self, call: Call) -> Reply:
        """All that is known of it, and what the asker may do; asked for by htmx, the part that goes into a drawer."""
        return self._case(call, done=call.query["done"], merged=call.query["merged"])

    @page("POST", "/cases/<uuid:case_id>/<path:what>", summary="Do something about it", body=CaseForm)
    def case_action(self, call: Call) -> Reply:
        """Through the same door as a program would; a refusal is said on the page, with who was first."""
        try:
            call = replace(call, body={**call.body, "into": merge_target(self.rows, call.body["into"])})
            name = send(self, call, call.path["what"])
        except (Refused, Invalid, Forbidden) as error:
            return self._case(call, wrong=str(error), said=call.body, status=error.status)
        case_id = call.path["case_id"]
        if name == "merge":
            # It goes on over there, and there it can be undone.
            return to(f"/cases/{call.body['into']}?done=merge&merged={case_id}")
        return to(f"/cases/{case_id}?done={name}")

    def _case(self, call: Call, *, status: int = 200, merged: UUID | None = None, **shown: Any) -> Reply:
        plain = replace(call, query={})
        case = self.one_case(plain).body
        found = about(
            self.log, self.rows, self.rulebooks.current(call.at), case, call.signed_in, call.at, of_call(call)
        )
        found |= beside(self.log, self.rows, case, call.signed_in, merged)
        shown = {"done": "", "wrong": "", "said": None, **shown}
        block = "drawer" if is_fragment(call) else None
        return PAGES.render(
            call, "case.html", block=block, status=status, is_drawer=block is not None, **found, **shown
        )

    def _bulk(
        self, call: Call, chosen: list[UUID], refused: dict[str, str] | None = None, done: list[UUID] | None = None
    ) -> Reply:
        return PAGES.render(
            call,
            "bulk.html",
            status=409 if refused else 200,
            plan=self._plan(call, chosen),
            refused=refused or {},
            done=done,
            done_at=dispatched_address(done or ()),
            names=called(self.rulebooks.current(call.at), of_call(call)),
            key=str(new_id()),
        )

    def _plan(self, call: Call, chosen: list[UUID]) -> Plan:
        found = self.rows.query(
            "SELECT case_id::text, number, area, issue_type, urgency, loop, title, state, edition FROM cases"
            " WHERE case_id = ANY(%s::uuid[]) ORDER BY number",
            [[str(case_id) for case_id in chosen]],
        )
        plan, book = Plan({}, []), self.rulebooks.current(call.at)
        for case in found:
            area = Area(case["area"])
            permission.require(call.asker, action_area=area)
            urgency, loop = Urgency(case["urgency"]), Loop(case["loop"])
            keeps = book.under(case["edition"], case["issue_type"])
            proposal = keeps.propose(case["issue_type"], area, call.at, urgency, loop)
            if proposal is None or case["state"] not in ("filed", "returned", "reopened"):
                plan.unclear.append(case)
            else:
                told = {**case, "because": proposal.because, "due_at": proposal.due_at}
                plan.departments.setdefault(proposal.department, []).append(told)
        return plan


def _address(said: dict[str, Any], **more: Any) -> str:
    """The same list looked at otherwise; a new look begins with its first page."""
    kept = {name: said[name] for name in ("view", *_FILTERS)} | {"after": ""} | more
    found = {name: value for name, value in kept.items() if value and (name, value) != ("view", "mine")}
    return f"/work?{urlencode(found)}" if found else "/work"
