"""What doors ask the courier to do where it alone has rights: parked messages, of the departments' virtual host and of
the city's own queues. No door of ours holds the rights itself."""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from shared.kernel.errors import Invalid, Unavailable, WujiError
from shared.kernel.masking import mask
from shared.rabbitmq.parked import ParkedMessage, ParkedMessages, Wanted
from shared.telemetry.logs import logger

PATIENCE = timedelta(seconds=20)
"""How long a door waits; what is older is not done any more, for nobody would know."""
_IDLE = 0.2
OURS = UUID(int=0)
"""Stands for a subscription where a queue of our own is meant."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to do for one subscription."""

    errand_id: UUID
    subscription_id: UUID
    """`OURS` for a queue of the city's virtual host."""
    name: str
    """Of the subscription, or of that queue."""
    what: Mapping[str, Any]
    """`do`: list, show, redrive or discard; `ids`, `type`, `all`, `limit`, `dry_run`, `reason`, `by`."""


class Errands(Protocol):
    """What is asked for. Every method raises Unavailable."""

    def open(self, patience: timedelta) -> Sequence[Errand]:
        """Those that somebody waits for, oldest first."""

    def settled(self, errand: Errand, messages: Sequence[str]) -> None:
        """Parked messages were sent back or thrown away: an event says so."""

    def answer(self, errand: Errand, answer: Mapping[str, Any]) -> None:
        """It is done."""


class Errander(threading.Thread):
    """One thread of the leading courier."""

    def __init__(
        self, errands: Errands, url: str, queue: Callable[[str], str], ours: Callable[[], str] | None = None
    ) -> None:
        """`url`: the broker, with the courier's account; `queue`: the queue of a subscription's name; `ours`: the
        address with an account that reaches the parked queues of the city's virtual host, and nothing else there."""
        super().__init__(name="errands", daemon=True)
        self.trouble: str | None = None
        self._errands = errands
        self._url = url
        self._queue = queue
        self._ours = ours
        self._stopping = threading.Event()
        self._log = logger("courier")

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Until stopped."""
        while not self._stopping.is_set():
            try:
                for errand in self._errands.open(PATIENCE):
                    self._errands.answer(errand, self._answered(errand))
                self.trouble = None
            except WujiError as error:
                self.trouble = str(error)
                self._stopping.wait(1.0)
            self._stopping.wait(_IDLE)

    def _answered(self, errand: Errand) -> dict[str, Any]:
        try:
            return self._done(errand)
        except Unavailable as error:
            return {"error": {"kind": "unavailable", "text": str(error)}}
        except WujiError as error:
            return {"error": {"kind": "not_found" if error.status == 404 else "invalid", "text": str(error)}}

    def _done(self, errand: Errand) -> dict[str, Any]:
        what, is_ours = errand.what, errand.subscription_id == OURS
        url, queue = (self._address_of_ours(), errand.name) if is_ours else (self._url, self._queue(errand.name))
        settled: list[str] = []

        def audit(done: str, facts: Mapping[str, object]) -> None:
            settled.append(str(facts["message"]))
            about = {} if is_ours else {"subscription": errand.name}
            self._log.info("parked." + done, **about, **facts)

        which = wanted(what)
        with ParkedMessages(url, audit) as messages:
            match what["do"]:
                case "list":
                    return {"messages": [shown(one) for one in messages.messages(queue, what["limit"], which)]}
                case "show":
                    one = messages.show(queue, what["ids"][0])
                    found = {**shown(one), "headers": dict(one.headers), "payload": one.payload}
                    # People look at ours who have no business with anybody's telephone number.
                    return masked(found) if is_ours else found
                case "redrive":
                    count = messages.redrive(queue, which, by=what["by"], dry_run=what["dry_run"])
                case "discard":
                    reason = what["reason"]
                    count = messages.discard(queue, which, by=what["by"], reason=reason, dry_run=what["dry_run"])
                case other:
                    raise Invalid(f"nobody knows how to {other}")
        if settled and not is_ours:
            self._errands.settled(errand, settled)
        return {"count": count, "dry_run": what["dry_run"]}

    def _address_of_ours(self) -> str:
        if self._ours is None:
            raise Unavailable("the courier has no account for the city's own queues")
        return self._ours()


def masked(value: Any) -> Any:
    """The same with telephone and identity numbers and mail addresses hidden in every text."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {name: masked(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked(one) for one in value]
    return value


def wanted(what: Mapping[str, Any]) -> Wanted:
    """The messages with these ids, of these types (`case.*`); everything where neither is said."""
    ids, kind = frozenset(what.get("ids") or ()), what.get("type")

    def is_wanted(message: ParkedMessage) -> bool:
        name = message.type.rpartition(".v")[0] or message.type
        return (not ids or message.message_id in ids) and (
            kind is None or fnmatch.fnmatchcase(name, kind) or fnmatch.fnmatchcase(message.type, kind)
        )

    return is_wanted


def shown(message: ParkedMessage) -> dict[str, Any]:
    """What a list shows of a message."""
    return {
        "message_id": message.message_id,
        "type": message.type,
        "position": str(message.headers.get("ce-sequence", "")).lstrip("0"),
        "attempts": message.attempts,
        "error_type": message.error_type,
        "error": message.error,
        "parked_at": message.parked_at,
    }
