"""One notice on its way out: every attempt is written down, success is appended once, the last failure as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notify import domain
from services.notify.channels import Channel
from services.notify.domain import Notice, NoticeEvent, evolve
from services.notify.letters import Letter, Undeliverable, Writer
from shared.contracts.envelope import Recorded
from shared.contracts.notice import NoticeRequested
from shared.handling import Cause, amend, fold
from shared.kernel.clock import Clock
from shared.kernel.errors import Invalid, NotFound, Unavailable
from shared.ports import EventLog, Rows


@dataclass(frozen=True, slots=True)
class Post:
    """Everything that delivering needs."""

    log: EventLog
    rows: Rows
    writer: Writer
    channels: dict[str, Channel]
    clock: Clock
    consumer: str


def deliver(recorded: Recorded[NoticeRequested], post: Post, *, is_last_try: bool) -> None:
    """Send the notice, unless it was sent. Raises Unavailable to be called again later, Invalid to be parked.

    A notice whose recipient cannot be reached at all ends here, with the reason appended: nobody could do anything
    about it. One that a channel refused, or that failed for the last time, is appended as failed and then parked,
    so that an operator can repair the cause and send it again.
    """
    notice = fold(post.log.stream(recorded.stream), evolve)
    if notice is None:
        raise NotFound(f"there is no {recorded.stream}")
    if notice.is_delivered or _can_wait(notice, post):
        return
    try:
        channel = _channel(notice, post)
        letter = post.writer.write(notice.requested, post.log, post.rows)
        if not channel.reaches(letter):
            raise Undeliverable(domain.NO_CONTACT)
    except Undeliverable as reason:
        _append_failure(recorded, post, str(reason))
        return
    _send(recorded, post, channel, letter, is_last_try)


def _send(recorded: Recorded[NoticeRequested], post: Post, channel: Channel, letter: Letter, is_last_try: bool) -> None:
    attempt = _begin_attempt(post.rows, letter.notice_id, channel.name, post.clock())
    try:
        receipt = channel.send(letter, post.clock())
    except Unavailable as error:
        _end_attempt(post, letter.notice_id, attempt, "unavailable", str(error))
        if is_last_try:
            _append_failure(recorded, post, f"{domain.EXHAUSTED}: {error}")
        raise
    except Invalid as error:
        _end_attempt(post, letter.notice_id, attempt, "refused", str(error))
        _append_failure(recorded, post, str(error))
        raise
    _end_attempt(post, letter.notice_id, attempt, "delivered", None)
    _append(recorded, post, lambda notice: domain.deliver(notice, receipt))


def _can_wait(notice: Notice, post: Post) -> bool:
    """Whether nobody is there to read it yet; `waiting.py` comes back to it."""
    not_before = notice.requested.not_before
    return not_before is not None and post.clock() < not_before


def _channel(notice: Notice, post: Post) -> Channel:
    found = post.channels.get(notice.requested.channel)
    if found is None:
        raise Unavailable(f"the channel {notice.requested.channel} is not configured in this process")
    return found


def _append_failure(recorded: Recorded[NoticeRequested], post: Post, reason: str) -> None:
    _append(recorded, post, lambda notice: domain.fail(notice, reason))


def _append(recorded: Recorded[NoticeRequested], post: Post, decide: Callable[[Notice], Iterable[NoticeEvent]]) -> None:
    """The state decides whether there is news: a parked notice that an operator sends again may fail or succeed anew,
    so no inbox key may stand in its way."""
    cause = Cause.reaction(post.consumer, recorded, post.clock())
    keyless = Cause(
        actor=cause.actor,
        at=cause.at,
        causation_id=cause.causation_id,
        origin=cause.origin,
        traceparent=cause.traceparent,
    )
    amend(post.log, recorded.stream, evolve, decide, keyless)


def _begin_attempt(rows: Rows, notice_id: UUID, channel: str, at: datetime) -> int:
    found = rows.query(
        """
        INSERT INTO notify.deliveries (notice_id, attempt, channel, outcome, started_at)
        SELECT %(notice)s::uuid, coalesce(max(attempt), 0) + 1, %(channel)s, 'trying', %(at)s::timestamptz
        FROM notify.deliveries WHERE notice_id = %(notice)s::uuid
        RETURNING attempt
        """,
        {"notice": str(notice_id), "channel": channel, "at": at},
    )
    return int(found[0]["attempt"])


def _end_attempt(post: Post, notice_id: UUID, attempt: int, outcome: str, error: str | None) -> None:
    post.rows.execute(
        """
        UPDATE notify.deliveries SET outcome = %(outcome)s, error = %(error)s, finished_at = %(at)s
        WHERE notice_id = %(notice)s::uuid AND attempt = %(attempt)s
        """,
        {"outcome": outcome, "error": error, "at": post.clock(), "notice": str(notice_id), "attempt": attempt},
    )
