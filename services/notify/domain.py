"""The rules of a notice: asked for once, delivered once, and failed only with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from shared.contracts.notice import NoticeDelivered, NoticeFailed, NoticeRequested, RecipientKind
from shared.kernel.ids import derived_id

NoticeEvent = NoticeRequested | NoticeDelivered | NoticeFailed

ERASED = "erased: the recipient's contact was destroyed at their wish"
NO_CONTACT = "no_contact: the recipient left nothing that this channel reaches"
EXHAUSTED = "exhausted"
INBOX = "inbox"
"""The channel of those who have no other: the letter is in their inbox, and nothing is sent."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What has become of one message to one recipient."""

    requested: NoticeRequested
    is_delivered: bool = False
    failure: str | None = None
    """Why it could not be delivered the last time; an operator may still send it."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is to hear something, and what the text will quote of them."""

    kind: RecipientKind
    name: str
    """The subject's id, the department's code, the post and its area, or the account."""
    values: Mapping[str, str]
    channel: str | None = None
    """Another channel than the usual one of its kind."""
    not_before: datetime | None = None
    """It can wait until then."""


def request(template: str, recipient: Recipient, about: UUID, cause: UUID, channel: str) -> NoticeRequested:
    """Somebody is to hear something. The same event never asks twice for the same message."""
    return NoticeRequested(
        notice_id=derived_id("notice", cause, template, recipient.name),
        template=template,
        recipient_kind=recipient.kind,
        recipient=recipient.name,
        channel=channel,
        about=about,
        values=dict(recipient.values),
        not_before=recipient.not_before,
    )


def evolve(notice: Notice | None, event: NoticeEvent) -> Notice:
    """The notice after the event."""
    if isinstance(event, NoticeRequested):
        return Notice(event)
    if notice is None:
        raise TypeError("a notice's stream starts with notice.requested")
    match event:
        case NoticeDelivered():
            return replace(notice, is_delivered=True, failure=None)
        case NoticeFailed(reason=reason):
            return replace(notice, failure=reason)
        case _:
            assert_never(event)


def deliver(notice: Notice, receipt: str | None) -> Iterable[NoticeEvent]:
    """The channel took it. Once is enough."""
    if notice.is_delivered:
        return ()
    requested = notice.requested
    return (NoticeDelivered(notice_id=requested.notice_id, channel=requested.channel, receipt=receipt),)


def fail(notice: Notice, reason: str) -> Iterable[NoticeEvent]:
    """It could not be delivered. The same reason again is no news, and what was delivered did not fail."""
    if notice.is_delivered or notice.failure == reason:
        return ()
    requested = notice.requested
    return (NoticeFailed(notice_id=requested.notice_id, channel=requested.channel, reason=reason),)
