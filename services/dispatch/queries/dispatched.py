"""What became of cases that were just dispatched, read from the log itself: nobody waits for a list to catch up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import evolve
from services.dispatch.domain.recall import WITHIN, recall
from services.dispatch.handlers import case_stream, dispatched_at
from shared.handling import fold
from shared.kernel.errors import Forbidden, Refused
from shared.ports import EventLog
from shared.security.permission import Asker

Json = dict[str, Any]


def given(log: EventLog, asker: Asker, case_ids: Iterable[UUID], at: datetime) -> list[Json]:
    """Each case once: who has it, and whether the asker may still take it back and until when, or why not.

    A case that there is not, or that lies outside of the asker's area, is left out.
    """
    return [found for case_id in dict.fromkeys(case_ids) if (found := _given(log, asker, case_id, at)) is not None]


def _given(log: EventLog, asker: Asker, case_id: UUID, at: datetime) -> Json | None:
    history = log.stream(case_stream(case_id))
    case = fold(history, evolve)
    if case is None or not asker.covers(history[-1].area):
        return None
    given_at = dispatched_at(history)
    return {
        "case_id": case_id,
        "number": case.filed.number,
        "title": case.filed.title,
        "state": case.state.value,
        "departments": [task.department for task in case.tasks.values()],
        "is_taken_back": history[-1].type == "case.dispatch_recalled",
        "until": None if given_at is None else given_at + WITHIN,
        "why_not": _why_not(case, asker, given_at, at),
    }


def _why_not(case: Case, asker: Asker, given_at: datetime | None, at: datetime) -> str | None:
    try:
        recall(case, asker, given_at, at)
    except (Refused, Forbidden) as refusal:
        return str(refusal)
    return None
