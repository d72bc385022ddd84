"""Grid's pages: home, and the five-level view 一图一网络, the same at every tier."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from services.grid import area_view, past_bar
from services.grid.domain.time import CITY_ZONE
from services.grid.live import Live
from services.grid.page_schemas import CountedQuery, LiveQuery, LookAtQuery, PastQuery, WallQuery
from services.grid.queries import behind, past, past_cases, places, views
from services.grid.room import PAGES, Room
from shared.kernel.area import Area
from shared.pages import assets, exports
from shared.pages.language import of_call
from shared.pages.page import is_fragment, page, to
from shared.ports import Rows
from shared.security import permission
from shared.web.call import ANYONE, Call, Reply

_WALL_DAYS, _WALL_CASES = 14, 6
_FILE = "/areas/<area:area>/export/<kind>"


class GridPages(Room):
    """首页、一图一网络、大屏、实时."""

    live = Live()

    @page("GET", "/", summary="Home", roles=ANYONE)
    def home(self, call: Call) -> Reply:
        """For residents and for the staff: where to go."""
        return PAGES.render(call, "home.html")

    @page("GET", "/about/licences", summary="What the pages are made with", roles=ANYONE)
    def licences(self, call: Call) -> Reply:
        """The open source packages behind the pages."""
        served = [one for one in assets.vendored().values() if one["served"]]
        return PAGES.render(call, "licences.html", packages=served)

    @page("GET", "/areas", summary="Where the five-level view begins")
    def areas_page(self, call: Call) -> Reply:
        """One's own area; for those who serve everywhere the only district, or a choice of districts."""
        asker = call.signed_in
        if asker.area is not None:
            return to(f"/areas/{asker.area.path}")
        found = places.districts(self.rows)
        if len(found) == 1:
            return to(f"/areas/{found[0]['path']}")
        return PAGES.render(call, "districts.html", view=views.all_districts(self.rows, None, call.at))

    @page("GET", "/areas/<area:area>", summary="The five-level view", query=LookAtQuery)
    def area_page(self, call: Call) -> Reply:
        """Figures, map, funnel, people and table of an area; every number opens what it counted."""
        area: Area = call.path["area"]
        permission.require(call.asker, action_area=area)
        asked = call.query
        if asked["local"] is not None:
            address = _without(call, "local", "at")
            at = past_bar.nearest(self.rows, asked["local"], call.at)
            return to(f"{address}{'&' if '?' in address else '?'}{at}")
        then = _moment(self.rows, call)
        found = area_view.look(self.rows, area, call.at, asked["days"], of_call(call), then)
        children = area_view.ordered(found["view"]["children"], asked["sort"], asked["order"] == "desc")
        return PAGES.render(
            call,
            "area.html",
            block="figures" if is_fragment(call) else None,
            area=area,
            children=children,
            sort=asked["sort"],
            order=asked["order"],
            days=asked["days"],
            past=past_bar.bar(self.rows, then, call.at),
            way_back=past_bar.way_back(self.rows, call.at) if then is None else None,
            **found,
        )

    @page("GET", "/areas/<area:area>/cases", summary="The cases behind a figure", query=CountedQuery)
    def area_cases(self, call: Call) -> Reply:
        """Newest first, page by page; a department's clerk sees the department's own."""
        area: Area = call.path["area"]
        asker = permission.require(call.asker, action_area=area)
        asked = {name: value for name, value in call.query.items() if name not in ("lang", "at", "local")}
        if asker.role == "department":
            asked["department"] = asker.department
        language = of_call(call)
        counted, then = behind.Counted(area, **asked), _moment(self.rows, call)
        if then is None:
            found = behind.cases(self.rows, counted, call.at)
        else:
            found = past_cases.cases(self.rows, self.log, counted, then)
        shown = found["cases"]
        return PAGES.render(
            call,
            "area_cases.html",
            area=area,
            place=places.area(self.rows, area),
            asked=asked,
            found=found,
            where=behind.names_of_areas(self.rows, (case["area"] for case in shown)),
            types=behind.names(
                self.rows, "issue_type", [*(c["issue_type"] for c in shown), asked["issue_type"]], language
            ),
            departments=behind.names(
                self.rows, "department", [*(c["department"] for c in shown), asked["department"]], language
            ),
            next_page=_next(call, found["next"]),
            past=past_bar.bar(self.rows, then, call.at),
            present=_without(call, "at", "after"),
            now=call.at if then is None else then.at,
        )

    @page("GET", "/wall", summary="The wall", query=WallQuery)
    def wall(self, call: Call) -> Reply:
        """One area on a large screen, then the next: no hands needed, and no scroll bars."""
        asker = permission.require(call.asker, action_area=call.query["area"])
        root = call.query["root"] or call.query["area"] or asker.area or Area(places.districts(self.rows)[0]["path"])
        permission.require(asker, action_area=root)
        area, language = call.query["area"] or root, of_call(call)
        found = area_view.look(self.rows, area, call.at, _WALL_DAYS, language)
        newest = behind.cases(self.rows, behind.Counted(area, is_open=True), call.at, limit=_WALL_CASES)["cases"]
        return PAGES.render(
            call,
            "wall.html",
            block="screen" if is_fragment(call) else None,
            area=area,
            root=root,
            stops=_stops(self.rows, root),
            seconds=call.query["seconds"],
            newest=newest,
            past=None,
            where=behind.names_of_areas(self.rows, (case["area"] for case in newest)),
            **found,
        )

    @page("GET", "/live", summary="What has just changed", query=LiveQuery, media="text/event-stream")
    def live_stream(self, call: Call) -> Reply:
        """Server-sent events of an area, with `Last-Event-ID` from where the page had come."""
        asked: Area | None = call.query["area"]
        asker = permission.require(call.asker, action_area=asked)
        last = call.headers.get("last-event-id", "")
        seen = int(last) if last.isascii() and last.isdigit() else call.query["after"]
        body = self.live.stream(asked or asker.area, seen)
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return Reply(body, headers=headers, media="text/event-stream")

    @page("GET", _FILE, summary="The table of an area to take away", query=PastQuery, media=exports.CSV)
    def export(self, call: Call) -> Reply:
        """`csv` or `xlsx`: the area and its children, with the figures of the page."""
        area: Area = call.path["area"]
        permission.require(call.asker, action_area=area)
        then = _moment(self.rows, call)
        view = views.view(self.rows, area, call.at) if then is None else past.view(self.rows, area, then)
        title, header, rows = _table(call, view)
        if call.path["kind"] == "xlsx":
            return _file(exports.as_xlsx(title, header, rows), exports.XLSX, f"{title}.xlsx")
        return _file(exports.as_csv(header, rows), exports.CSV, f"{title}.csv")


def _table(call: Call, view: dict[str, Any]) -> tuple[str, list[str], list[list[Any]]]:
    header = PAGES.message(call, "export_header.txt").strip().split("|")
    rows = [
        [
            one["code"],
            one["name"],
            one["cases"],
            one["open"],
            one["overdue"],
            one["closed"],
            *one["by_step"].values(),
            one["on_time_share"],
            one["satisfaction"]["satisfied_share"],
            one["handling"]["median_seconds"],
        ]
        for one in (view["area"], *view["children"])
    ]
    # A table of a past moment says in its name which one.
    when = f"{view['at'].astimezone(CITY_ZONE):{'%Y-%m-%d %H%M' if 'as_of' in view else '%Y-%m-%d'}}"
    return f"{view['area']['name']} {when}", header, rows


def _moment(rows: Rows, call: Call) -> past.Moment | None:
    """The past moment that the address asks for. Raises Invalid for one that there was not."""
    at = call.query["at"]
    return None if at is None else past.moment(rows, at, call.at)


def _without(call: Call, *names: str) -> str:
    """The page's address without these parts of its query."""
    path, _, query = call.address.partition("?")
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] not in names]
    return f"{path}?{'&'.join(kept)}" if kept else path


def _stops(rows: Rows, root: Area) -> list[str]:
    """Where the wall stops on its round: the area, then each of those in it."""
    return [root.path, *(child["path"] for child in places.area(rows, root)["children"])]


def _file(body: bytes, media: str, name: str) -> Reply:
    plain = name.encode("ascii", "ignore").decode().strip() or "table"
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    return Reply(body, media=media, headers={"Content-Disposition": disposition})


def _next(call: Call, after: Any) -> str | None:
    """The address of the page after this one."""
    if after is None:
        return None
    address = _without(call, "after")
    return f"{address}{'&' if '?' in address else '?'}after={after}"
