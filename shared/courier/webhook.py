"""Delivery by signed calls (Standard Webhooks 1.0): one event a call, in order, the next after the one before.

What is not taken is tried again by a schedule that is kept beside the subscription's place, so that no restart begins
it anew; after days of failure, or when the endpoint says 410 Gone, the subscription is disabled.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import orjson

from shared.contracts.message import Message
from shared.contracts.public import cloud_event
from shared.courier.http import Answer, Caller, NotCalled
from shared.courier.ports import Interrupted
from shared.kernel.clock import Clock, utc_now
from shared.kernel.errors import Invalid, Unavailable
from shared.kernel.masking import mask
from shared.security.webhook_signature import sign

MEDIA = "application/cloudevents+json"
GONE = 410
_BUDGET = 1.0
"""Seconds after which a window is handed back, delivered as far as it is: nobody waits for a slow endpoint."""
_KEPT_REQUEST, _KEPT_RESPONSE = 4000, 2000


@dataclass(frozen=True, slots=True)
class Trouble:
    """An endpoint does not take its next event."""

    event_id: str
    attempts: int
    failing_since: datetime
    next_at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call, as the delivery log keeps it."""

    event_id: str
    event_type: str
    position: int
    attempt: int
    at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    request: str
    response: str | None

    @property
    def succeeded(self) -> bool:
        return self.error is None


class Ledger(Protocol):
    """What is remembered of one webhook. Every method raises Unavailable."""

    def trouble(self, subscription_id: UUID) -> Trouble | None:
        """Why it is not going on, if it is not."""

    def troubled(self, subscription_id: UUID, trouble: Trouble) -> None:
        """An attempt failed."""

    def recovered(self, subscription_id: UUID) -> None:
        """It goes on."""

    def log(self, subscription_id: UUID, attempts: Sequence[Attempt]) -> None:
        """Add to the delivery log."""

    def disable(self, subscription_id: UUID, reason: str) -> None:
        """Give up on it: nothing is brought until somebody resumes it."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to try again, and when to give up."""

    waits: tuple[float, ...] = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
    """Seconds after the first failed attempt, the second, …; the last is repeated."""
    give_up: timedelta = timedelta(days=5)

    @classmethod
    def of(cls, text: str, hours: int) -> Schedule:
        """From `5,300,1800`. Raises Invalid."""
        try:
            waits = tuple(float(part) for part in text.split(","))
        except ValueError as error:
            raise Invalid(f"this is no list of seconds: {text[:60]!r}", where="WUJI_WEBHOOK_RETRIES") from error
        if not all(0 <= wait <= 7 * 86_400 for wait in waits):
            raise Invalid("a wait is 0 to 604800 seconds", where="WUJI_WEBHOOK_RETRIES")
        return cls(waits, timedelta(hours=hours))

    def after(self, attempts: int) -> timedelta:
        """How long to wait after so many failed attempts."""
        return timedelta(seconds=self.waits[min(attempts, len(self.waits)) - 1])


Signers = Callable[[datetime], Sequence[str]]
"""The secrets that sign at a moment: after a rotation the old one signs beside the new one for a while."""


def request_of(message: Message, secrets: Sequence[str], at: datetime) -> tuple[dict[str, str], bytes]:
    """Headers and body of the call that brings a message."""
    body = orjson.dumps(cloud_event(message))
    signed = [sign(secret, message.message_id, at, body) for secret in secrets]
    signatures = " ".join(one["webhook-signature"] for one in signed)
    headers = {"Content-Type": MEDIA, "User-Agent": "wuji-courier", **signed[0], "webhook-signature": signatures}
    if (traceparent := message.headers.get("traceparent")) is not None:
        headers["traceparent"] = traceparent
    return headers, body


def attempt_of(caller: Caller, message: Message, signers: Signers, attempt: int, clock: Clock = utc_now) -> Attempt:
    """Call once; what became of it."""
    at, began = clock(), time.monotonic()
    headers, body = request_of(message, signers(at), at)
    answer: Answer | None = None
    try:
        answer = caller.post(headers, body)
        error = _wrong(answer.status)
    except NotCalled as failure:
        error = str(failure)
    return Attempt(
        event_id=message.message_id,
        event_type=message.type,
        position=int(message.headers["ce-sequence"]),
        attempt=attempt,
        at=at,
        milliseconds=round((time.monotonic() - began) * 1000),
        status=answer.status if answer is not None else None,
        error=error,
        request=_request_text(headers, body),
        response=None if answer is None else _readable(answer.body[:_KEPT_RESPONSE]),
    )


class WebhookOutlet:
    """Into one endpoint. Used by one thread."""

    def __init__(
        self,
        subscription_id: UUID,
        caller: Caller,
        signers: Signers,
        ledger: Ledger,
        schedule: Schedule | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._id = subscription_id
        self._caller = caller
        self._signers = signers
        self._ledger = ledger
        self._schedule = schedule or Schedule()
        self._clock = clock
        self._is_known = False
        self._trouble: Trouble | None = None
        self._attempts: list[Attempt] = []

    def deliver(self, window: Sequence[Message]) -> int:
        """As many as a second allows, one at least; Interrupted with how many were taken before one was not."""
        if self._trouble is not None or not self._is_known:
            self._trouble, self._is_known = self._ledger.trouble(self._id), True
        began, done = time.monotonic(), 0
        try:
            for message in window:
                self._bring(message)
                done += 1
                if time.monotonic() - began > _BUDGET:
                    break
        except Unavailable as error:
            raise Interrupted(str(error), done) from error
        finally:
            self._write_down()
        return done

    def close(self) -> None:
        self._caller.close()

    def _bring(self, message: Message) -> None:
        known, now = self._trouble, self._clock()
        again = known is not None and known.event_id == message.message_id
        if known is not None and again and now < known.next_at:
            raise Unavailable(f"{known.error}; attempt {known.attempts + 1} at {known.next_at:%Y-%m-%d %H:%M:%S} UTC")
        number = known.attempts + 1 if known is not None and again else 1
        made = attempt_of(self._caller, message, self._signers, number, self._clock)
        self._attempts.append(made)
        if made.error is not None:
            self._failed(made, known)
            raise Unavailable(made.error)
        if known is not None:
            self._ledger.recovered(self._id)
            self._trouble = None

    def _failed(self, made: Attempt, known: Trouble | None) -> None:
        assert made.error is not None
        since = known.failing_since if known is not None else made.at
        next_at = made.at + self._schedule.after(made.attempt)
        self._trouble = Trouble(made.event_id, made.attempt, since, next_at, made.error)
        self._ledger.troubled(self._id, self._trouble)
        if made.status == GONE:
            self._ledger.disable(self._id, "the endpoint says 410 Gone: it wants no more events")
        elif made.at - since >= self._schedule.give_up:
            days = (made.at - since) / timedelta(days=1)
            self._ledger.disable(self._id, f"nothing was taken for {days:.1f} days; the last error: {made.error}")

    def _write_down(self) -> None:
        if self._attempts:
            attempts, self._attempts = self._attempts, []
            self._ledger.log(self._id, attempts)


class CallOutlet:
    """Into one endpoint, without a schedule: for what waits by itself when it is not taken. Used by one thread."""

    def __init__(self, subscription_id: UUID, caller: Caller, signers: Signers, ledger: Ledger) -> None:
        self._id = subscription_id
        self._caller = caller
        self._signers = signers
        self._ledger = ledger

    def deliver(self, window: Sequence[Message]) -> int:
        """As many as a second allows, one at least; Interrupted with how many were taken before one was not."""
        began, attempts = time.monotonic(), list[Attempt]()
        for message in window:
            attempts.append(attempt_of(self._caller, message, self._signers, 1))
            if attempts[-1].error is not None or time.monotonic() - began > _BUDGET:
                break
        self._ledger.log(self._id, attempts)
        if attempts and attempts[-1].error is not None:
            raise Interrupted(attempts[-1].error, len(attempts) - 1)
        return len(attempts)

    def close(self) -> None:
        self._caller.close()


def _wrong(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"HTTP {status}: redirections are not followed"
    return f"HTTP {status}"


def _request_text(headers: dict[str, str], body: bytes) -> str:
    """What was sent, without the signature: a log must not hold what could be sent again."""
    shown = {**headers, "webhook-signature": "v1,…"}
    lines = [f"{name}: {value}" for name, value in shown.items()]
    return "\n".join([*lines, "", body[:_KEPT_REQUEST].decode("utf-8", "replace")])


def _readable(body: bytes) -> str:
    return mask(body.decode("utf-8", "replace").replace("\x00", "�"))
