"""`@page(...)`: a door that people open, and how its template becomes an answer.

    PAGES = Pages("grid", Path(__file__).parent / "pages")

    class AreaPages:
        @page("GET", "/areas/<area>", summary="The five-level view")
        def area_page(self, call: Call) -> Reply:
            return PAGES.render(call, "area.html", view=…)

What goes wrong becomes a page too, in words; whoever is not signed in is led to the log-in and back again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from jinja2 import Environment
from marshmallow import fields

from shared.pages import environment
from shared.pages.language import chosen, of_call
from shared.web.call import SIGNED_IN, Call, Reply
from shared.web.door import door
from shared.web.fields import Body
from shared.web.problem import Problem
from shared.web.request import Request

F = TypeVar("F", bound=Callable[..., Any])

MEDIA = "text/html; charset=utf-8"
HEADERS = {
    # Nothing comes from anywhere else, and a browser is told to hold us to it.
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Cookie, HX-Request",
}


_MADE: list[Pages] = []


class PageQuery(Body):
    """What every page's address may say: a page with a query of its own adds to it."""

    lang = fields.String(load_default=None)


class Pages:
    """The pages of one service: its templates before the shared ones."""

    def __init__(self, service: str, folder: Path | None) -> None:
        self._service = service
        self._folder = folder
        _MADE.append(self)

    @cached_property
    def _environments(self) -> dict[str, Environment]:
        return environment.of(self._service, self._folder)

    def templates(self) -> Iterator[Callable[[], object]]:
        """For each template in each language: what reads it in."""
        for made in self._environments.values():
            for name in made.list_templates(extensions=("html",)):
                yield partial(made.get_template, name)

    def render(self, call: Call, template: str, *, block: str | None = None, status: int = 200, **values: Any) -> Reply:
        """The template's page; with `block` only that block of it, which htmx puts into a page that is there."""
        language = of_call(call)
        return self._reply(language, template, block, status, {**_about(call), **values})

    def message(self, call: Call, template: str, **values: Any) -> str:
        """The template's text, for whoever makes an answer of it himself."""
        body = self.render(call, template, **values).body
        return body if isinstance(body, str) else ""

    def _reply(self, language: str, template: str, block: str | None, status: int, values: dict[str, Any]) -> Reply:
        found = self._environments[language].get_template(template)
        part = None if block is None else found.blocks[block]
        text = found.render(**values) if part is None else "".join(part(found.new_context(values)))
        return Reply(text, status=status, headers={**HEADERS, "Content-Language": _TAGS[language]}, media=MEDIA)

    def failed(self, problem: Problem, request: Request) -> Reply:
        """What the browser shows when a page cannot be shown."""
        if problem.status == 401:
            return _to_log_in(request)
        language = chosen(request.environ.get("QUERY_STRING", ""), request.cookies)
        values = {**_about_refused(request), "problem": problem}
        return self._reply(language, "problem.html", None, problem.status, values)


def read_all(pause: Callable[[], object]) -> None:
    """Read every template of this process once, so that nobody's first look waits for it; `pause` after each."""
    for pages in tuple(_MADE):
        for read in pages.templates():
            read()
            pause()


_TAGS = {"zh": "zh-CN", "en": "en"}
SHARED = Pages("shared", None)


def page(
    method: str, url: str, *, summary: str, roles: tuple[str, ...] = SIGNED_IN, **options: Any
) -> Callable[[F], F]:
    """Open a page's door: `door` with HTML in mind. A POST takes a form (`body`, a `Body` class) with its token."""
    settings: dict[str, Any] = {"media": MEDIA, "described": False, "failed": SHARED.failed, "forms": True}
    return door(method, url, summary=summary, roles=roles, **{**settings, **options})


def to(address: str, *cookies: str) -> Reply:
    """Go on there: what every form answers that has done its work."""
    return Reply("", status=303, headers={"Location": address}, media=MEDIA, cookies=cookies)


def is_fragment(call: Call) -> bool:
    """Whether htmx asks for a part of a page (and not for a page out of its history)."""
    return "hx-request" in call.headers and "hx-history-restore-request" not in call.headers


def local_address(text: str | None) -> str:
    """Where to go on, if it is an address of ours; else the home page. Other sites would use us to lead people on."""
    if text and text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable():
        return text
    return "/"


def _about(call: Call) -> dict[str, Any]:
    """What every template knows of the request."""
    return {
        "asker": call.asker,
        "session": call.session,
        "csrf": call.session.csrf if call.session else "",
        "address": call.address,
        "path": call.address.partition("?")[0],
        "look": environment.look(call.cookies),
        "now": call.at,
    }


def _about_refused(request: Request) -> dict[str, Any]:
    """The same of a request whose door did not open; whoever is signed in is so all the same."""
    session = request.session
    return {
        "asker": session.asker if session and not session.must_change else None,
        "session": session,
        "csrf": session.csrf if session else "",
        "address": request.address,
        "path": request.address.partition("?")[0],
        "look": environment.look(request.cookies),
        "now": request.at,
    }


def _to_log_in(request: Request) -> Reply:
    """By way of grid, which may still know the browser and gives it a fresh session without a question."""
    fragment = request.headers.get("hx-current-url")
    if fragment is not None or request.environ["REQUEST_METHOD"] != "GET":
        # A part of a page cannot become a log-in page: the whole page goes there. A form has to be sent again.
        there = "/" + (fragment or "/").partition("//")[2].partition("/")[2]
        where = f"/session?next={quote(there, safe='/')}"
        if fragment is not None:
            return Reply("", status=401, headers={"HX-Redirect": where}, media=MEDIA)
        return Reply("", status=303, headers={"Location": where}, media=MEDIA)
    return Reply("", status=303, headers={"Location": f"/session?next={quote(request.address, safe='/')}"}, media=MEDIA)
