"""Intake's pages: residents report and follow without an account; staff print the codes for the doors."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import segno

from services.intake import handlers, queries, queries_pages
from services.intake.domain import Told
from services.intake.page_schemas import (
    MOST_PHOTOS,
    AppealForm,
    HereQuery,
    PlacesQuery,
    ReportForm,
    ReportQuery,
    TrackQuery,
)
from services.intake.quick import PHONE
from services.intake.room import PAGES, Room
from shared.contracts.report import Source, Urgency
from shared.contracts.shapes import Point
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, NotFound, Refused
from shared.kernel.ids import new_id
from shared.pages.page import page, to
from shared.security import links
from shared.security.permission import require
from shared.web.call import ANYONE, Call, Reply

STAFF = ("acceptor", "grid_worker", "supervisor", "dispatcher", "duty_chief", "operator")
_PHONE = re.compile(PHONE)
TILES = "/tiles/{z}/{x}/{y}.png"
"""Served from the folder that WUJI_TILES names."""
_PHOTO = re.compile(r"photo:[0-9a-f]{64}")


class ResidentPages(Room):
    """上报、进度、二维码."""

    @page("GET", "/report", summary="Report an issue", query=ReportQuery, roles=ANYONE)
    def report_page(self, call: Call) -> Reply:
        """One question at a time where scripts run, all at once where they do not."""
        said = ReportForm().load({"area": str(call.query["area"] or "")})
        return self._form(call, said)

    @page("GET", "/report/places", summary="Places to choose from", query=PlacesQuery, roles=ANYONE)
    def report_places(self, call: Call) -> Reply:
        """What lies in an area, and its own line."""
        area: Area | None = call.query["area"]
        return PAGES.render(call, "report.html", block="where", **self._where(area, point=None))

    @page("GET", "/report/here", summary="Where am I?", query=HereQuery, roles=ANYONE)
    def report_here(self, call: Call) -> Reply:
        """The narrowest area near the device's position."""
        point = Point(lat=call.query["lat"], lon=call.query["lon"])
        area = queries_pages.here(self.rows, point)
        return PAGES.render(call, "report.html", block="where", **self._where(area, point=point))

    @page("POST", "/report/alike", summary="Told already?", body=ReportForm, roles=ANYONE)
    def report_alike(self, call: Call) -> Reply:
        """What neighbours told of openly nearby: joining them is quicker than another report."""
        told, _ = _told(call.body)
        found = []
        if told is not None:
            found = queries_pages.alike(self.rows, told.issue_type, told.words, told.area, told.point)
        return PAGES.render(call, "report.html", block="alike", alike=found, said=call.body)

    @page("POST", "/report", summary="Send it", body=ReportForm, roles=ANYONE)
    def report_send(self, call: Call) -> Reply:
        """Stored at once; the receipt is the page on which it can be followed."""
        told, missing = _told(call.body)
        if told is None:
            return self._form(call, call.body, missing=missing)
        try:
            receipt = handlers.submit(self.log, self.desk, told, _once(call))
        except Invalid as error:
            return self._form(call, call.body, wrong=str(error))
        report_id = receipt.submitted.report_id
        if _is_uuid(call.body["same_as"]):
            handlers.join(self.log, report_id, UUID(call.body["same_as"]), call.cause())
        secret = links.token(self.desk.link_key, "report", report_id)
        return to(f"/track/{report_id}?{urlencode({'secret': secret, 'new': 'true'})}")

    def _form(self, call: Call, said: dict[str, Any], *, missing: tuple[str, ...] = (), wrong: str = "") -> Reply:
        point = _point(said)
        return PAGES.render(
            call,
            "report.html",
            status=400 if missing or wrong else 200,
            said=said,
            missing=missing,
            wrong=wrong,
            groups=queries_pages.kinds(self.rows),
            streets=queries_pages.communities(self.rows),
            alike=[],
            most_photos=MOST_PHOTOS,
            tiles=TILES if self.settings.get("WUJI_TILES") else "",
            key=said["key"] or str(new_id()),
            **self._where(_area(said["area"]), point=point),
        )

    def _where(self, area: Area | None, *, point: Point | None) -> dict[str, Any]:
        line = [] if area is None else queries_pages.line(self.rows, area)
        known = Area(line[-1]["path"]) if line else None
        return {"line": line, "below": queries_pages.below(self.rows, known), "point": point, "chosen": known}

    @page("GET", "/report/worker.js", summary="Works offline", roles=ANYONE)
    def report_worker(self, call: Call) -> Reply:
        """The service worker: keeps the form at hand when there is no network."""
        text = PAGES.message(call, "worker.js")
        headers = {"Service-Worker-Allowed": "/report", "Cache-Control": "no-cache"}
        return Reply(text, headers=headers, media="text/javascript; charset=utf-8")

    @page("GET", "/track/<uuid:report_id>", summary="How far is it?", query=TrackQuery, roles=ANYONE)
    def track_page(self, call: Call) -> Reply:
        """In plain words, for whoever holds the receipt: staff have pages of their own."""
        return self._track(call, call.query["secret"], new=call.query["new"])

    @page("POST", "/track/<uuid:report_id>/appeal", summary="Object to a refusal", body=AppealForm, roles=ANYONE)
    def track_appeal(self, call: Call) -> Reply:
        """申诉: once, in words."""
        report_id, said = call.path["report_id"], call.body
        try:
            handlers.appeal(self.log, self.desk, report_id, said["secret"], said["reason"], call.cause())
        except (Invalid, Refused) as error:
            return self._track(call, said["secret"], wrong=str(error))
        return to(f"/track/{report_id}?{urlencode({'secret': said['secret']})}")

    def _track(self, call: Call, secret: str, *, new: bool = False, wrong: str = "") -> Reply:
        report_id = call.path["report_id"]
        if not links.verify(self.desk.link_key, "report", report_id, secret):
            raise NotFound("这个链接无效，请使用回执上的完整链接 · this link is not valid; use it as you received it")
        found = queries.progress(self.rows, report_id)
        if found is None:
            found = queries.just_submitted(self.log.stream(handlers.stream_of(report_id)))
        address = f"{self.desk.public_url}/track/{report_id}?{urlencode({'secret': secret})}"
        return PAGES.render(
            call,
            "track.html",
            status=400 if wrong else 200,
            secret=secret,
            new=new,
            wrong=wrong,
            code=_drawn(address),
            back_to=address,
            **found,
        )

    @page("GET", "/posters/<area:area>", summary="Codes for the doors", roles=STAFF)
    def posters_page(self, call: Call) -> Reply:
        """二维码: one for every building of an area, twelve on a sheet; scanned, the report knows where."""
        area: Area = call.path["area"]
        require(call.asker, area)
        found = queries_pages.buildings(self.rows, area)
        for one in found:
            one["code"] = _drawn(f"{self.desk.public_url}/report?{urlencode({'area': one['path']})}")
        return PAGES.render(call, "posters.html", area=area, line=queries_pages.line(self.rows, area), found=found)


def _once(call: Call) -> Cause:
    """The form has a key of its own: pressed twice, it is the same report."""
    key = call.body["key"]
    return replace(call.cause(), idempotency_key=f"intake:report_page:{key}") if key else call.cause()


def _told(said: dict[str, Any]) -> tuple[Told | None, tuple[str, ...]]:
    """What was told, or the questions that are still to be answered."""
    area, words = _area(said["area"]), said["words"].strip()
    missing = [
        name for name, there in (("issue_type", said["issue_type"]), ("words", words), ("area", area)) if not there
    ]
    if said["phone"] and _PHONE.match(said["phone"]) is None:
        missing.append("phone")
    if missing or area is None:
        return None, tuple(missing)
    told = Told(
        area=area,
        source=Source.RESIDENT,
        issue_type=said["issue_type"],
        urgency=Urgency.NORMAL,
        title=queries_pages.title_of(words),
        words=words,
        place=said["place"] or None,
        point=_point(said),
        name=said["name"] or None,
        phone=said["phone"] or None,
        email=None,
        external_number=None,
        photos=tuple(dict.fromkeys(_PHOTO.findall(said["photos"])))[:MOST_PHOTOS],
        openly=said["openly"] == "yes",
    )
    return told, ()


def _area(text: str) -> Area | None:
    try:
        return Area.parse(text) if text else None
    except Invalid:
        return None


def _point(said: dict[str, Any]) -> Point | None:
    try:
        lat, lon = float(said["lat"]), float(said["lon"])
        accuracy = float(said["accuracy"]) if said["accuracy"] else None
    except ValueError:
        return None
    return Point(lat=lat, lon=lon, accuracy=accuracy) if -90 <= lat <= 90 and -180 <= lon <= 180 else None


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _drawn(address: str) -> str:
    """The code as a drawing inside the page."""
    return segno.make(address, error="m").svg_inline(scale=1, border=1, omitsize=True, unit=None)
