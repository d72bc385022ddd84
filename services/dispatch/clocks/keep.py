"""Keeps the clocks of an issue: reads what happened, and appends the clock facts that should follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.clocks.facts import CATEGORY, Draft, draft
from services.dispatch.clocks.rules import Rules
from shared.contracts.envelope import Actor, Recorded
from shared.ports import Append, Appended, Companion, EventLog, Happening

TIMER = Actor("wuji", "timer")
"""Who acts when a clock does."""


def clock_stream(case_id: UUID) -> str:
    return f"{CATEGORY}{case_id}"


def keep(log: EventLog, case_id: UUID, rules: Rules, at: datetime, causation_id: UUID | None = None) -> Appended | None:
    """Bring the clocks of the issue up to what happened; None when nothing was missing.

    Asking again adds nothing, whoever asks. Raises Conflict when somebody else brought them up at the same moment.
    """
    history = log.about(case_id)
    if not history:
        return None
    found = draft(history, rules, at)
    return log.append(addition(history, found, found.facts_in_order, causation_id)) if found.facts else None


def addition(
    history: Sequence[Recorded[Any]],
    found: Draft,
    happenings: tuple[Happening, ...],
    causation_id: UUID | None = None,
    companions: tuple[Companion, ...] = (),
) -> Append:
    """The append to the clock stream of the issue that this is the history of."""
    return Append(
        stream=clock_stream(history[0].correlation_id),
        expected=sum(1 for one in history if one.stream.startswith(CATEGORY)),
        happenings=happenings,
        area=found.area or history[0].area,
        actor=TIMER,
        correlation_id=history[0].correlation_id,
        causation_id=causation_id,
        companions=companions,
    )
