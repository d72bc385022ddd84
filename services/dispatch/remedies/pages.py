"""The pages of remedies: the register, one remedy with its life and the forms of what may be done, and a new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from services.dispatch.doors.base import CaseDoors
from services.dispatch.forms import complaints
from services.dispatch.queries.places import below, children, lineage, names
from services.dispatch.remedies import forms, queries
from services.dispatch.remedies.domain import FINDERS
from services.dispatch.remedies.doors import LOOKERS, RemedyDoors
from services.dispatch.remedies.forms import (
    WAYS,
    NewRemedyForm,
    NewRemedyQuery,
    RemediesPageQuery,
    RemedyForm,
    RemedyPageQuery,
)
from services.dispatch.remedies.queries import Wanted
from services.dispatch.room import PAGES, called
from shared.contracts.remedy import RemedyKind, Severity
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Invalid, NotFound, Refused, WujiError
from shared.kernel.ids import new_id
from shared.kernel.working_calendar import Calendar
from shared.pages.language import of_call
from shared.pages.page import page, to
from shared.web.call import Call, Reply

_FILTERS = ("view", "kind", "severity", "overdue", "area")
_PHOTO = "photo:"
_NOW = ("remedy.rectified", "remedy.reinspection_passed", "remedy.reinspection_failed")
"""Events whose photos show how it is."""


class RemedyPages(RemedyDoors, CaseDoors):
    """What DispatchService inherits."""

    @page("GET", "/remedies", summary="Remedies", query=RemediesPageQuery, roles=LOOKERS)
    def remedies_page(self, call: Call) -> Reply:
        """整治台账: what is open, or everything, in the asker's area."""
        said, asker = call.query, call.signed_in
        wanted = Wanted(
            kind=RemedyKind(said["kind"]) if said["kind"] else None,
            severity=Severity(said["severity"]) if said["severity"] else None,
            is_open=True if said["view"] == "open" else None,
            overdue=True if said["overdue"] else None,
            area=Area.parse(said["area"]) if said["area"] else None,
            after=said["after"] or None,
        )
        found = queries.remedies(self.rows, asker, wanted, call.at)
        book = self.rulebooks.current(call.at)
        return PAGES.render(
            call,
            "remedies.html",
            said=said,
            found=[{**one, "last_day": _last_day(book.calendar, one["due_at"])} for one in found["remedies"]],
            link=lambda **more: _address(said, **more),
            next_page=found["next_after"] and _address(said, after=found["next_after"]),
            is_filtered=any(said[name] for name in _FILTERS if name != "view"),
            places=children(self.rows, asker.area),
            where=names(self.rows, (one["area"] for one in found["remedies"])),
            names=called(book, of_call(call)),
            can_open=asker.role in FINDERS,
        )

    @page("GET", "/remedies/new", summary="Put it on the list", query=NewRemedyQuery, roles=FINDERS)
    def new_remedy_page(self, call: Call) -> Reply:
        """The form; from a case, with what the case says."""
        return self._new(call, self._from_case(call))

    @page("POST", "/remedies/new", summary="Put it on the list now", body=NewRemedyForm, roles=FINDERS)
    def new_remedy(self, call: Call) -> Reply:
        """Through the same door as a program would."""
        try:
            remedy_id = forms.open_(self, call)
        except (Refused, Invalid, Forbidden, NotFound) as error:
            return self._new(call, call.body, error)
        return to(f"/remedies/{remedy_id}?done=open")

    @page("GET", "/remedies/<uuid:remedy_id>", summary="One remedy", query=RemedyPageQuery, roles=LOOKERS)
    def remedy_page(self, call: Call) -> Reply:
        """Its life, how it was and how it is, and what the asker may do."""
        return self._one(call, done=call.query["done"])

    @page("POST", "/remedies/<uuid:remedy_id>/<what>", summary="Do something about it", body=RemedyForm, roles=LOOKERS)
    def remedy_action(self, call: Call) -> Reply:
        """Through the same door as a program would; a refusal is said on the page."""
        what = call.path["what"]
        try:
            forms.send(self, self.rows, call, what)
        except (Refused, Invalid, Forbidden) as error:
            return self._one(call, error=error, said=call.body)
        return to(f"/remedies/{call.path['remedy_id']}?done={what}")

    def _one(
        self, call: Call, *, done: str = "", error: WujiError | None = None, said: dict[str, Any] | None = None
    ) -> Reply:
        found = queries.one_remedy(self.log, call.path["remedy_id"], call.signed_in, call.at)
        plan, book = found["plan"], self.rulebooks.current(call.at)
        return PAGES.render(
            call,
            "remedy.html",
            status=200 if error is None else error.status,
            remedy=found,
            place=lineage(self.rows, Area(found["area"])),
            names=called(book, of_call(call)),
            cases=queries.titles(self.rows, found["case_ids"]),
            photos=_photos(found),
            life=[{**step, "photos": _hashes(step["said"].get("photos", ()))} for step in reversed(found["life"])],
            last_day=_last_day(book.calendar, plan and plan["due_at"]),
            can=[{**one, "fields": WAYS[one["action"]].fields} for one in found["actions"] if one["allowed"]],
            cannot=[one for one in found["actions"] if not one["allowed"]],
            today=book.calendar.local(call.at).date().isoformat(),
            said=said or {},
            done=done,
            wrong=None if error is None else str(error),
            complaints=[] if error is None else complaints(error),
            key=str(new_id()),
        )

    def _new(self, call: Call, said: dict[str, Any], error: WujiError | None = None) -> Reply:
        places = {one["path"]: one["name"] for one in below(self.rows, call.signed_in.area)}
        if said.get("area") and said["area"] not in places:
            places = names(self.rows, [said["area"]]) | places
        return PAGES.render(
            call,
            "remedy_new.html",
            status=200 if error is None else error.status,
            said=NewRemedyForm().load({}) | said,
            places=places,
            names=called(self.rulebooks.current(call.at), of_call(call)),
            wrong=None if error is None else str(error),
            hint=None if error is None else error.hint,
            complaints=[] if error is None else complaints(error),
            key=str(new_id()),
        )

    def _from_case(self, call: Call) -> dict[str, Any]:
        """What the form says to begin with."""
        case_id = call.query["case_id"]
        if case_id is None:
            return {"kind": RemedyKind.HIDDEN_DANGER.value}
        case: Any = self.one_case(replace(call, query={}, path={"case_id": case_id})).body
        told = {name: case[name] or "" for name in ("issue_type", "title", "place")}
        about = {"area": str(case["area"]), "case_ids": str(case_id)}
        return {**told, **about, "kind": RemedyKind.ROOT_CAUSE.value}


def _last_day(calendar: Calendar, due_at: datetime | None) -> str | None:
    """The last day on which it is still in time."""
    return None if due_at is None else (calendar.local(due_at) - timedelta(seconds=1)).date().isoformat()


def _photos(found: dict[str, Any]) -> dict[str, list[str]]:
    """How it was found, and how it was last shown; the hashes."""
    now = [step["said"].get("photos", ()) for step in found["life"] if step["event"] in _NOW]
    shown = next((photos for photos in reversed(now) if photos), ())
    return {"before": _hashes(found["photos"]), "after": _hashes(shown)}


def _hashes(references: Any) -> list[str]:
    return [one.removeprefix(_PHOTO) for one in references if one.startswith(_PHOTO)]


def _address(said: dict[str, Any], **more: Any) -> str:
    """The same list looked at otherwise; a new look begins with its first page."""
    kept = {name: said[name] for name in _FILTERS} | {"after": ""} | more
    found = {name: value for name, value in kept.items() if value and (name, value) != ("view", "open")}
    return f"/remedies?{urlencode(found)}" if found else "/remedies"
