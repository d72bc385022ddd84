"""What the map that a place is chosen on asks for: the ground, and what people call a point of it."""

from __future__ import annotations

from services.intake import queries_pages
from services.intake.page_schemas import HereQuery, PlacesQuery
from services.intake.place_map import PlaceMaps
from services.intake.room import Room
from shared.contracts.shapes import Point
from shared.pages.page import page
from shared.web.call import ANYONE, Call, Reply

_MAPS = PlaceMaps()
_KEEP = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}


class MapPages(Room):
    """地图选点."""

    @page("GET", "/report/map", summary="The ground", query=PlacesQuery, roles=ANYONE, media="application/geo+json")
    def report_map(self, call: Call) -> Reply:
        """Streets and communities as GeoJSON: outlines where the city gave them, else centres."""
        return Reply(_MAPS.of(self.rows, call.query["area"]), headers=_KEEP, media="application/geo+json")

    @page("GET", "/report/where", summary="What is there?", query=HereQuery, roles=ANYONE, media="application/json")
    def report_where(self, call: Call) -> Reply:
        """The narrowest area that holds the point, from the district down; none where nobody is served."""
        area = queries_pages.here(self.rows, Point(lat=call.query["lat"], lon=call.query["lon"]))
        line = [] if area is None else queries_pages.line(self.rows, area)
        found = {"area": None if area is None else area.path, "names": [one["name"] for one in line]}
        return Reply(found, headers={"Cache-Control": "private, max-age=60"}, media="application/json")
