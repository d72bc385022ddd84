"""Taking notice of an escalation: whoever serves the area that was addressed says what they will do."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from services.dispatch.clocks.book import Book
from services.dispatch.clocks.keep import clock_stream
from shared.contracts.clock import EscalationAcknowledged, EscalationRaised
from shared.handling import Cause, amend
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog, Rows
from shared.security import permission
from shared.security.permission import Asker

_CASE_OF = "SELECT case_id FROM escalations WHERE escalation_id = %(escalation_id)s"


def acknowledge(
    log: EventLog, rows: Rows, escalation_id: UUID, asker: Asker, cause: Cause, *, words: str
) -> tuple[UUID, Appended]:
    """Somebody takes notice (督办签收), with words; the case's id, and what was appended. Twice changes nothing.

    Raises NotFound, Forbidden for another area than the one addressed, Invalid without words.
    """
    found = rows.query(_CASE_OF, {"escalation_id": str(escalation_id)})
    if not found:
        raise NotFound(str(Wording("没有这项督办", f"there is no escalation {escalation_id}")))
    case_id = UUID(str(found[0]["case_id"]))

    def decide(book: Book) -> Iterable[EscalationAcknowledged]:
        clocks = book.clocks.values()
        raised = next(one for clock in clocks for one in clock.raised if one.escalation_id == escalation_id)
        return _decide(raised, any(escalation_id in clock.acknowledged for clock in clocks), asker, words)

    return case_id, amend(log, clock_stream(case_id), lambda book, event: (book or Book()).after(event), decide, cause)


def _decide(
    raised: EscalationRaised, is_acknowledged: bool, asker: Asker, words: str
) -> Iterable[EscalationAcknowledged]:
    permission.require(asker, action_area=Area(raised.target_area))
    if not words.strip():
        raise Invalid(str(Wording("必须写明文字说明", "this needs words, not only a click")), where="words")
    if is_acknowledged:
        return ()
    return (EscalationAcknowledged(escalation_id=raised.escalation_id, case_id=raised.case_id, words=words),)
