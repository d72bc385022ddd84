"""运行: the page of whoever keeps the platform going. The duty chief may look."""

from __future__ import annotations

from services.notify.operations.overview import overview
from services.notify.room import PAGES, Room
from shared.pages.page import PageQuery, is_fragment, page
from shared.web.call import Call, Reply

VIEWERS = ("operator", "duty_chief")


class OperationsPages(Room):
    """What runs, what waits, what is stuck."""

    @page("GET", "/operations", summary="The platform's condition", query=PageQuery, roles=VIEWERS)
    def operations(self, call: Call) -> Reply:
        """Asked anew each time; a page that is open asks every five seconds."""
        return PAGES.render(
            call,
            "operations.html",
            block="figures" if is_fragment(call) else None,
            found=overview(self.rows, self.settings, call.at),
        )
