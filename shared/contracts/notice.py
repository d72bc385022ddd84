"""Streams `notice-<id>`, written by notify: one message to one recipient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event


class RecipientKind(StrEnum):
    """A reporter (by sealed contact), a department (by its registered contact), whoever holds a post somewhere, or a
    colleague by their account."""

    REPORTER = "reporter"
    DEPARTMENT = "department"
    POST = "post"
    PERSON = "person"


@event("notice.requested", "notice")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRequested:
    """Somebody is to hear something. The text is made at delivery, so that no contact and no words are stored here."""

    notice_id: UUID
    template: str
    recipient_kind: RecipientKind
    recipient: str
    """The subject's id, the department's code, a post and its area (`street_supervisor@530103.004`), or an account."""
    channel: str
    about: UUID
    values: dict[str, str]
    not_before: datetime | None = None
    """It can wait until somebody is there: from when on it may be sent. None for at once."""


@event("notice.delivered", "notice")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDelivered:
    """The channel took the message."""

    notice_id: UUID
    channel: str
    receipt: str | None


@event("notice.failed", "notice")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFailed:
    """The message could not be delivered and waits for an operator."""

    notice_id: UUID
    channel: str
    reason: str
