"""消息: pages of the letters that somebody was sent, made anew from the templates in the language of whoever looks."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import fields

from services.notify.inbox import queries
from services.notify.inbox.queries import Kept
from services.notify.letters import Writer
from services.notify.room import PAGES, Room
from services.notify.templates import OCCASIONS
from services.notify.writing import writer_of
from shared.kernel.errors import Unavailable
from shared.pages.language import of_call
from shared.pages.page import PageQuery, page, to
from shared.ports import EventLog, Rows
from shared.web.call import ANYONE, Call, Reply
from shared.web.fields import Body

ON_A_PAGE = 20


class InboxQuery(PageQuery):
    """Which page of it."""

    before = fields.UUID(load_default=None)


class ReadForm(Body):
    """A form without fields of its own."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One letter as the page has it."""

    kept: Kept
    subject: str
    body: str
    href: str | None
    """Where to see to it."""


class InboxPages(Room):
    """What I was told."""

    @page("GET", "/inbox", summary="My letters", query=InboxQuery)
    def inbox(self, call: Call) -> Reply:
        """Newest first, a page at a time; those to my department among them."""
        asker, writer = call.signed_in, self._writer(call)
        found = queries.letters(self.rows, asker, call.query["before"], ON_A_PAGE + 1)
        shown = [_shown(one, writer, self.log, self.rows) for one in found[:ON_A_PAGE]]
        return PAGES.render(
            call,
            "inbox.html",
            letters=shown,
            unread=queries.unread(self.rows, asker, call.at),
            most=queries.MOST,
            next=shown[-1].kept.notice.notice_id if len(found) > ON_A_PAGE else None,
        )

    @page("GET", "/inbox/<uuid:notice_id>", summary="One letter", query=PageQuery)
    def inbox_letter(self, call: Call) -> Reply:
        """The whole letter, which is read by that."""
        kept = queries.letter(self.rows, call.signed_in, call.path["notice_id"])
        shown = _shown(kept, self._writer(call), self.log, self.rows)
        queries.mark_read(self.rows, call.signed_in, kept.notice.notice_id, call.at)
        return PAGES.render(call, "letter.html", letter=shown)

    @page("POST", "/inbox/read", summary="I have read everything", body=ReadForm)
    def inbox_read(self, call: Call) -> Reply:
        """Everything that came until now."""
        queries.mark_all_read(self.rows, call.signed_in, call.at)
        return to("/inbox")

    @page("GET", "/inbox/unread", summary="How many I have not read", query=PageQuery, roles=ANYONE)
    def inbox_unread(self, call: Call) -> Reply:
        """For the menu of every page; whoever is not signed in any more is told nothing, and not led away."""
        count = queries.unread(self.rows, call.asker, call.at) if call.asker else 0
        return PAGES.render(call, "inbox_count.html", unread=count, most=queries.MOST)

    def _writer(self, call: Call) -> Writer:
        return writer_of(self.settings, of_call(call))


def _shown(kept: Kept, writer: Writer, log: EventLog, rows: Rows) -> Shown:
    try:
        subject, body = writer.words(kept.notice, log, rows)
    except Unavailable:
        # The department that it names is not in our tables at the moment.
        subject, body = kept.notice.template, ""
    return Shown(kept, subject, body, _href(kept))


def _href(kept: Kept) -> str | None:
    template, quotes = kept.notice.template, OCCASIONS[kept.notice.template].quotes
    if template == "check_assigned":
        return "/checks"
    if template == "remedy_planned":
        return f"/remedies/{kept.notice.about}"
    if "number" in quotes:
        return f"/cases/{kept.notice.about}"
    return f"/areas/{kept.notice.values['area']}" if "place" in quotes else None
