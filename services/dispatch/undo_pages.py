"""What has just been dispatched, and the minute in which it may be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlencode
from uuid import UUID

from services.dispatch import handlers
from services.dispatch.doors.base import CaseDoors
from services.dispatch.page_schemas import BulkForm, BulkQuery
from services.dispatch.queries.dispatched import given
from services.dispatch.room import PAGES, called
from shared.kernel.errors import NotFound, Refused
from shared.kernel.ids import new_id
from shared.kernel.wording import Wording
from shared.pages.language import of_call
from shared.pages.page import page, to
from shared.web.call import Call, Reply

DISPATCHERS = ("dispatcher",)


class UndoPages(CaseDoors):
    """撤销."""

    @page("GET", "/work/dispatched", summary="What was just dispatched", query=BulkQuery, roles=DISPATCHERS)
    def dispatched_page(self, call: Call) -> Reply:
        """Case by case: who has it now, and what can still be taken back."""
        found = given(self.log, call.signed_in, call.query["case_id"], call.at)
        free = [one for one in found if one["why_not"] is None]
        return PAGES.render(
            call,
            "dispatched.html",
            cases=found,
            free=free,
            until=min((one["until"] for one in free), default=None),
            names=called(self.rulebooks.current(call.at), of_call(call)),
            key=str(new_id()),
        )

    @page("POST", "/work/recall", summary="Take it back", body=BulkForm, roles=DISPATCHERS)
    def recall_many(self, call: Call) -> Reply:
        """Those that nobody has signed yet; what came of each one is on the page that follows, read from the log."""
        chosen, key, who = _ids(call.body["case_id"]), call.body["key"], call.signed_in
        for case_id in chosen:
            cause = replace(call.cause(), idempotency_key=f"dispatch:recall:{who.id}:{key}:{case_id}")
            # What is refused says why on the page that follows.
            with suppress(Refused):
                handlers.recall(self.log, case_id, who, cause)
        return to(dispatched_address(chosen))


def dispatched_address(case_ids: Iterable[UUID]) -> str:
    """Where to see what became of them."""
    return f"/work/dispatched?{urlencode([('case_id', str(case_id)) for case_id in case_ids])}"


def _ids(texts: Iterable[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise NotFound(str(Wording("没有这个编号", "there is nothing of that id"))) from error
