"""The case page of dispatch over a log in memory: opened and acted on as a browser would, without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.page_schemas import CaseForm, CasePageQuery
from services.dispatch.pages import WorkPages
from shared.security.permission import Asker
from shared.web.call import Call, Reply
from tests.support.case_commands import BOOK
from tests.support.cases import FixedRulebooks, Story
from tests.support.forms import Form, form, forms


class NoTables:
    """Tables in which nothing was projected yet: the page shows what the log has."""

    def __init__(self, answers: Mapping[str, list[dict[str, Any]]] | None = None) -> None:
        self.answers = dict(answers or {})

    def query(self, statement: str, parameters: Any = ()) -> list[dict[str, Any]]:  # noqa: ARG002
        return next((rows for part, rows in self.answers.items() if part in statement), [])

    def execute(self, statement: str, parameters: Any = ()) -> int:  # noqa: ARG002
        raise AssertionError("a page does not write")


class Pages(WorkPages):
    """The pages without nameko around them."""

    name = "dispatch"

    def __init__(self, story: Story, book: Rulebook, rows: NoTables) -> None:
        self.log, self.rows, self.book = story.log, rows, book

    @property
    def rulebooks(self) -> Any:
        return FixedRulebooks(self.book)


@dataclass
class CaseDesk:
    """One case's page, as anybody sees it who may."""

    story: Story
    book: Rulebook = BOOK
    rows: NoTables = field(default_factory=NoTables)

    def page(self, asker: Asker, at: datetime | None = None, query: str = "", language: str = "zh") -> str:
        """What the browser shows."""
        said = CasePageQuery().load({name: found[0] for name, found in parse_qs(query).items()})
        call = self._call(asker, at, query=said, cookies={"wuji_lang": language})
        reply = Pages.case_page(self._pages(), call)
        assert reply.status in (None, 200)
        return str(reply.body)

    def actions(self, asker: Asker, at: datetime | None = None) -> list[str]:
        """What the page offers to do, by its address below the case."""
        found = (one.action.partition(f"{self.story.case_id}/") for one in forms(self.page(asker, at)))
        return [what for _, own, what in found if own]

    def form(self, asker: Asker, ending: str, at: datetime | None = None) -> Form:
        return form(self.page(asker, at), ending)

    def send(self, asker: Asker, which: str | Form, at: datetime | None = None, **said: str | list[str]) -> str:
        """Open the page, fill in the form whose address ends so, send it; where the browser is led."""
        reply = self.sent(asker, which, at, **said)
        assert reply.status == 303, _said(str(reply.body))
        return str((reply.headers or {})["Location"])

    def sent(self, asker: Asker, which: str | Form, at: datetime | None = None, **said: str | list[str]) -> Reply:
        """The same; the answer, whatever it is."""
        found = self.form(asker, f"/{which}", at) if isinstance(which, str) else which
        _, _, rest = urlsplit(found.action).path.partition("/cases/")
        case_id, _, what = rest.partition("/")
        body = CaseForm().load(found.filled(**said))
        call = self._call(asker, at, body=body, path={"case_id": UUID(case_id), "what": what})
        return Pages.case_action(self._pages(), call)

    def _pages(self) -> Pages:
        return Pages(self.story, self.book, self.rows)

    def _call(self, asker: Asker, at: datetime | None, **more: Any) -> Call:
        given = {"path": {"case_id": self.story.case_id}, **more}
        return Call(at=at or self.story.at, asker=asker, address=f"/cases/{self.story.case_id}", **given)


def _said(html: str) -> str:
    """The refusal that a page shows."""
    return html.partition('class="note bad"')[2].partition("</div></div>")[0] or html[:500]
