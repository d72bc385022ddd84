"""Of consecutive events, those that a subscription gets, as the messages that go out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.notify.subscriptions.facts import History, histories
from services.notify.subscriptions.matching import matches, needs_facts, version_wanted
from services.notify.subscriptions.trial import is_test, test_message
from shared.contracts.message import Message, Stored
from shared.contracts.public import public_message
from shared.contracts.subscription import Filter
from shared.ports import Rows

Compose = Callable[[Stored, int | None], Message]
_UNKNOWN = History()


def composed(stored: Stored, version: int | None) -> Message:
    """The public message in the newest version, or the one that was asked for."""
    return public_message(stored, version=version)


def select(
    wanted: Filter, rows: Rows, window: Sequence[Stored], compose: Compose = composed, stream: str | None = None
) -> list[Message]:
    """Their messages, in order, and the test events that were asked for in the subscription's own `stream`.

    Asks the log about the cases only where the filter needs it. Raises Unavailable.
    """
    found = [(one.position, compose(one, version_wanted(wanted, one.type))) for one in wanted_of(wanted, rows, window)]
    tests = [(one.position, test_message(one, wanted)) for one in window if is_test(one, stream)]
    return [message for _, message in (sorted([*found, *tests], key=lambda pair: pair[0]) if tests else found)]


def wanted_of(wanted: Filter, rows: Rows, window: Sequence[Stored]) -> list[Stored]:
    """Those events themselves."""
    if not needs_facts(wanted):
        return [one for one in window if matches(wanted, one.type, one.area)]
    plain = Filter(types=wanted.types, areas=wanted.areas, issue_types=(), departments=())
    perhaps = [one for one in window if matches(plain, one.type, one.area)]
    known = histories(rows, (one.correlation_id for one in perhaps))
    return [
        one
        for one in perhaps
        if matches(wanted, one.type, one.area, known.get(one.correlation_id, _UNKNOWN).at(one.position))
    ]
