"""Pages for people in the street 现场: where to go today, and what was put right at once 就地解决."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from marshmallow import fields, validate

from services.intake import handlers, queries, queries_pages
from services.intake.photos.fields import MOST
from services.intake.room import PAGES, Room
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Invalid, NotFound, Refused
from shared.kernel.ids import new_id
from shared.pages.language import of_call
from shared.pages.page import PageQuery, page, to
from shared.security.permission import Asker
from shared.web.call import ANYONE, Call, Reply
from shared.web.fields import Body, Text

IN_THE_FIELD = ("grid_worker", "supervisor")
_MOST_LOOKS = 100
_PHOTO = re.compile(r"photo:[0-9a-f]{64}")


class FieldQuery(PageQuery):
    """Whether something has just been said."""

    done = fields.String(load_default="")


class SeenForm(Body):
    """What was seen on site."""

    key = Text(longest=100, shortest=0, load_default="")
    found = fields.String(load_default="", validate=validate.OneOf(["", "yes", "no"]))
    findings = Text(longest=2_000, shortest=0, load_default="")
    photos = Text(longest=2_000, shortest=0, load_default="")


class FieldPages(Room):
    """现场."""

    @page("GET", "/field", summary="Where to go today", query=FieldQuery, roles=IN_THE_FIELD)
    def field_page(self, call: Call) -> Reply:
        """What is to be looked at and checked, by time or by distance; large buttons for what one finds oneself."""
        asker = call.signed_in
        looks = queries.to_look_at(self.rows, asker.area, asker.id, _MOST_LOOKS)
        return PAGES.render(
            call,
            "field.html",
            looks=[self._placed(one) for one in looks],
            done=call.query["done"],
            names=_kinds(self, call),
        )

    @page("GET", "/field/solve", summary="Put right at once", query=PageQuery, roles=IN_THE_FIELD)
    def solve_page(self, call: Call) -> Reply:
        """One form is report and closing in one; it waits on the device where there is no network."""
        return PAGES.render(
            call,
            "solve.html",
            groups=queries_pages.kinds(self.rows),
            places=_places(self, call.signed_in),
            most=MOST,
        )

    @page("GET", "/field/worker.js", summary="Works offline", roles=ANYONE)
    def field_worker(self, call: Call) -> Reply:
        """The service worker: keeps the page and the last list at hand when there is no network."""
        text = PAGES.message(call, "field_worker.js")
        headers = {"Service-Worker-Allowed": "/field", "Cache-Control": "no-cache"}
        return Reply(text, headers=headers, media="text/javascript; charset=utf-8")

    @page("GET", "/field/<uuid:report_id>", summary="Look at it", query=PageQuery, roles=IN_THE_FIELD)
    def look_page(self, call: Call) -> Reply:
        """What was told, and the form for what is seen."""
        return self._look(call, SeenForm().load({}))

    @page("POST", "/field/<uuid:report_id>", summary="Say what was seen", body=SeenForm, roles=IN_THE_FIELD)
    def look_answer(self, call: Call) -> Reply:
        """It is there, or it is not."""
        said, report_id = call.body, call.path["report_id"]
        if not said["found"] or not said["findings"].strip():
            return self._look(call, said, missing=True, status=400)
        photos = tuple(dict.fromkeys(_PHOTO.findall(said["photos"])))[:MOST]
        seen = handlers.Seen(found=said["found"] == "yes", findings=said["findings"], photos=photos)
        key = f"intake:look_page:{call.signed_in.id}:{said['key']}" if said["key"] else None
        try:
            self.desk.know_photos(photos)
            handlers.verify(self.log, report_id, seen, call.signed_in, replace(call.cause(), idempotency_key=key))
        except (Refused, Invalid, Forbidden, NotFound) as error:
            return self._look(call, said, wrong=str(error), status=error.status)
        return to("/field?done=seen")

    def _look(
        self, call: Call, said: dict[str, Any], *, wrong: str = "", missing: bool = False, status: int = 200
    ) -> Reply:
        handlers.founding(self.log, call.path["report_id"], call.signed_in)
        report = queries.one(self.rows, call.path["report_id"])
        return PAGES.render(
            call,
            "look.html",
            status=status,
            report=report,
            line=queries_pages.line(self.rows, Area(report["area"])),
            shas=[one.removeprefix("photo:") for one in report["photos"]],
            names=_kinds(self, call),
            said=said,
            wrong=wrong,
            missing=missing,
            key=said["key"] or str(new_id()),
        )

    def _placed(self, report: dict[str, Any]) -> dict[str, Any]:
        """With the name of its place, and where that lies when nobody said it more exactly."""
        found = self.rows.query("SELECT name, lat, lon FROM intake.areas WHERE path = %s", [report["area"]])
        here = found[0] if found else {"name": report["area"], "lat": None, "lon": None}
        at = report if report["lat"] is not None else here
        return {**report, "place_name": here["name"], "lat": at["lat"], "lon": at["lon"]}


def _kinds(room: Room, call: Call) -> dict[str, str]:
    """Code → name in the asker's language."""
    name = "name" if of_call(call) == "zh" else "name_en"
    return {kind["code"]: kind[name] for group in queries_pages.kinds(room.rows) for kind in group["kinds"]}


def _places(room: Room, asker: Asker) -> list[dict[str, Any]]:
    """Where the asker may have put something right: the own area, and what lies in it, two tiers deep."""
    if asker.area is None:
        return queries_pages.below(room.rows, None)
    own = queries_pages.line(room.rows, asker.area)[-1:]
    below = queries_pages.below(room.rows, asker.area)
    return [*own, *below]
