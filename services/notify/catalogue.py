"""Doors to the catalogue of public events: pages for people under `/events/docs/`, files for programs beside them."""

from __future__ import annotations

from typing import Any

from shared.catalogue import site
from shared.kernel.errors import NotFound
from shared.web.door import ANYONE, Call, Reply, door

DOCS = "/events/docs/"
HEADERS = {
    "Cache-Control": "public, max-age=300",
    # The pages need nothing from anywhere; a browser is told to hold them to it.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}
PAGE: dict[str, Any] = {"roles": ANYONE, "media": "text/html", "described": False}
"""Pages are for people: no program needs to find them in the service's document."""


class CatalogueDoors:
    """Whoever wants to know which events there are may look: there is nothing secret in a shape."""

    @door("GET", "/events/docs", summary="To the catalogue", status=303, **PAGE)
    def catalogue(self, call: Call) -> Reply:  # noqa: ARG002  # every door gets its call
        """Relative links need the slash at the end."""
        return Reply("", headers={"Location": DOCS}, media="text/html")

    @door("GET", DOCS, summary="The catalogue of public events", **PAGE)
    def catalogue_index(self, call: Call) -> Reply:
        """Every public event type by category."""
        return _file("docs/index.html", call)

    @door("GET", DOCS + "style.css", summary="How the catalogue looks", roles=ANYONE, media="text/css", described=False)
    def catalogue_style(self, call: Call) -> Reply:
        """The one style sheet."""
        return _file("docs/style.css", call)

    @door("GET", DOCS + "<page>", summary="A page of the catalogue", **PAGE)
    def catalogue_page(self, call: Call) -> Reply:
        """`case.filed.html`: one event type; `messages.html`: headers and routing keys."""
        return _file(f"docs/{call.path['page']}", call)

    @door("GET", "/events/asyncapi.json", summary="AsyncAPI 3.0 document of the public events", roles=ANYONE)
    def asyncapi(self, call: Call) -> Reply:
        """Channels, operations and messages, with AMQP bindings."""
        return _file("asyncapi.json", call)

    @door(
        "GET",
        "/events/schemas/<name>/<version>",
        summary="JSON Schema of an event's body",
        roles=ANYONE,
        described=False,
    )
    def event_schema(self, call: Call) -> Reply:
        """Draft 2020-12, at `/events/schemas/case.filed/1.json`."""
        return _file(f"schemas/{call.path['name']}/{call.path['version']}", call)


def _file(path: str, call: Call) -> Reply:
    found = site.files(call.at.date()).get(path)
    if found is None:
        raise NotFound(f"the catalogue has no {path[:120]}", hint=f"begin at {DOCS}")
    return Reply(found.content, headers=HEADERS, media=found.media)
