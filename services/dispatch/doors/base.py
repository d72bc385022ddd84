"""What all doors to one case share: the address, the roles of the table, and the answer, which is the case anew."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from services.dispatch.admissions.queries import some_in_force
from services.dispatch.domain.actions import Known
from services.dispatch.domain.labels import LabelSets
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers.pool import have_room
from services.dispatch.handlers.road import stages_of
from services.dispatch.queries import case as case_queries
from services.dispatch.queries.labels import in_words
from services.dispatch.queries.rulebook import rules_said
from shared.kernel.area import Area
from shared.kernel.case_states import sources
from shared.kernel.errors import Unavailable
from shared.ports import Appended
from shared.security.permission import ROLES
from shared.web.call import Call, Reply

if TYPE_CHECKING:
    from services.dispatch.rulebooks import ProjectedRulebooks
    from shared.ports import EventLog, Rows

CASES = "/api/v1/cases"
CASE = f"{CASES}/<uuid:case_id>"


def roles_of(*events: str) -> tuple[str, ...]:
    """Who may cause one of the events somewhere: the table says so."""
    return tuple(sorted({role for event in events for move in sources(event) for role in move.roles} & ROLES))


class Doors:
    """Base of the mixins that DispatchService inherits: what every door may use."""

    if TYPE_CHECKING:
        log: EventLog
        rows: Rows

        @property
        def rulebooks(self) -> ProjectedRulebooks: ...


class CaseDoors(Doors):
    """Base of the mixins whose doors are about one case."""

    def after(self, call: Call, done: Appended) -> Reply:
        """What the asker gets after a command: the case as it stands now, with what may be done next."""
        call.note(version=done.version, repeated=done.repeated)
        return self.one_case(call)

    def one_case(self, call: Call) -> Reply:
        """The case as it stands this moment, for this asker."""
        case_id: UUID = call.path["case_id"]
        call.note(case_id=case_id)
        book = self._book(call)
        found = case_queries.one_case(self.log, case_id, call.signed_in, call.at, self._beside(call, book))
        asked = call.query.get("labels")
        labels = LabelSets() if book is None else book.labels
        area = Area(found["area"])
        said = in_words(found, asked or labels.code(area), labels.words(area, asked))
        return Reply({**said, "rules": None if book is None else rules_said(book, found)})

    def _book(self, call: Call) -> Rulebook | None:
        """The rulebook; before there is one, a case is shown all the same."""
        try:
            return self.rulebooks.current(call.at)
        except Unavailable:
            return None

    def _beside(self, call: Call, book: Rulebook | None) -> case_queries.Beside:
        """What commands ask of others than the case, for the list of what may be done."""

        def known(area: Area) -> Known:
            asker, at = call.signed_in, call.at
            admission = partial(some_in_force, self.log, self.rows, area, at)
            if book is None:
                return Known(admission=admission)
            place = partial(have_room, self.log, book, asker, area=area, at=at)
            return Known(partial(stages_of, book, area=area), admission, lambda found: place(case=found))

        return known
