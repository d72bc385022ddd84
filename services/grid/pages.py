"""Grid's pages: home, and the five-level view 一图一网络."""

from __future__ import annotations

from services.grid.room import PAGES, Room
from shared.pages import assets
from shared.pages.page import page
from shared.web.call import ANYONE, Call, Reply


class GridPages(Room):
    """首页、一图一网络、大屏."""

    @page("GET", "/", summary="Home", roles=ANYONE)
    def home(self, call: Call) -> Reply:
        """For residents and for the staff: where to go."""
        return PAGES.render(call, "home.html")

    @page("GET", "/about/licences", summary="What the pages are made with", roles=ANYONE)
    def licences(self, call: Call) -> Reply:
        """The open source packages behind the pages."""
        served = [one for one in assets.vendored().values() if one["served"]]
        return PAGES.render(call, "licences.html", packages=served)
