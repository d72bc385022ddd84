"""The doors of the documents: for everybody, without an account, without the world outside."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from services.notify.handbook.library import library, picture
from services.notify.handbook.search import MOST, search
from services.notify.room import PAGES, Room
from shared.kernel.errors import NotFound
from shared.pages.page import PageQuery, page, to
from shared.web.call import ANYONE, Call, Reply
from shared.web.fields import Text


class SearchQuery(PageQuery):
    """What somebody looks for."""

    q = Text(load_default="", shortest=0, longest=100, one_line=True)


class HandbookPages(Room):
    """使用说明."""

    @page("GET", "/docs", summary="To the documents", roles=ANYONE)
    def docs(self, call: Call) -> Reply:  # noqa: ARG002  # every door gets its call
        """The address has a slash at the end."""
        return to("/docs/")

    @page("GET", "/docs/", summary="The documents", query=SearchQuery, roles=ANYONE)
    def docs_index(self, call: Call) -> Reply:
        """Everything there is to read, or what a search found."""
        found, asked = library(), call.query["q"].strip()
        hits = search(found.documents.values(), asked)
        return PAGES.render(
            call, "docs_index.html", library=found, asked=asked, hits=hits, most=MOST, version=_version()
        )

    @page("GET", "/docs/<page>", summary="A document", query=PageQuery, roles=ANYONE)
    def docs_page(self, call: Call) -> Reply:
        """A guide."""
        return _shown(call, f"/docs/{call.path['page']}")

    @page("GET", "/docs/adr/<page>", summary="A decision", query=PageQuery, roles=ANYONE)
    def docs_decision(self, call: Call) -> Reply:
        """Why something is as it is."""
        return _shown(call, f"/docs/adr/{call.path['page']}")

    @page("GET", "/docs/pictures/<name>", summary="A picture of a document", roles=ANYONE, media="image/*")
    def docs_picture(self, call: Call) -> Reply:
        """Drawn by us, shown as a picture: nothing in it runs."""
        found = picture(call.path["name"])
        if found is None:
            raise NotFound(f"there is no picture {call.path['name'][:80]}")
        content, media = found
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return Reply(content, media=media, headers=headers)


def _shown(call: Call, address: str) -> Reply:
    found = library()
    # Whoever knows the file's name may ask for it.
    document = found.documents.get(address.removesuffix(".md"))
    if document is None:
        raise NotFound(f"there is no document {address[:80]}", hint="begin at /docs/")
    return PAGES.render(call, "docs_page.html", library=found, document=document, version=_version())


def _version() -> str:
    """Of what is installed."""
    try:
        return version("wuji")
    except PackageNotFoundError:
        return "0"
