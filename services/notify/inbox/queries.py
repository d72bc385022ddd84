"""Whose letters are whose: those to the account itself, and those to the department that it works for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.contracts.notice import NoticeRequested, RecipientKind
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.ports import Rows
from shared.security.permission import Asker

RECENT = timedelta(days=30)
"""Letters that nobody read for longer are no longer counted."""
MOST = 100
"""So far unread letters are counted."""

_MINE = """
(recipient_kind = 'person' AND recipient = %(account)s
 OR recipient_kind = 'department' AND recipient = %(department)s)
"""
_PAGE = f"""
SELECT n.notice_id, n.template, n.recipient_kind, n.recipient, n.channel, n.about, n.area, n.quoted, n.requested_at,
       r.read_at
FROM notices n LEFT JOIN notify.letters_read r ON r.notice_id = n.notice_id AND r.account = %(account)s
WHERE {_MINE} AND (%(before)s::uuid IS NULL OR (n.requested_at, n.notice_id) <
      (SELECT b.requested_at, b.notice_id FROM notices b WHERE b.notice_id = %(before)s::uuid))
ORDER BY n.requested_at DESC, n.notice_id DESC LIMIT %(limit)s
"""
_ONE = f"""
SELECT n.notice_id, n.template, n.recipient_kind, n.recipient, n.channel, n.about, n.area, n.quoted, n.requested_at,
       NULL::timestamptz AS read_at
FROM notices n WHERE n.notice_id = %(notice)s AND {_MINE}
"""
_UNREAD = f"""
SELECT n.notice_id FROM notices n
WHERE {_MINE} AND n.requested_at > %(since)s AND NOT EXISTS (
    SELECT 1 FROM notify.letters_read r WHERE r.notice_id = n.notice_id AND r.account = %(account)s)
LIMIT %(limit)s
"""
_READ = """
INSERT INTO notify.letters_read (account, notice_id, read_at)
SELECT %(account)s, n.notice_id, %(at)s FROM ({found}) n ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One letter in somebody's inbox."""

    notice: NoticeRequested
    area: str
    requested_at: datetime
    is_read: bool


def letters(rows: Rows, asker: Asker, before: UUID | None, limit: int) -> list[Kept]:
    """Newest first; `before` is the last one of the page before."""
    wanted = {"before": None if before is None else str(before), "limit": limit}
    return [_kept(row) for row in rows.query(_PAGE, _whose(asker) | wanted)]


def letter(rows: Rows, asker: Asker, notice_id: UUID) -> Kept:
    """One of theirs. Raises NotFound for one that is not, as for one that does not exist."""
    found = rows.query(_ONE, _whose(asker) | {"notice": str(notice_id)})
    if not found:
        raise NotFound(str(Wording("没有这条消息", "there is no such letter")))
    return _kept(found[0])


def unread(rows: Rows, asker: Asker, at: datetime) -> int:
    """How many of the last weeks they have not read, counted up to a hundred."""
    return len(rows.query(_UNREAD, _whose(asker) | {"since": at - RECENT, "limit": MOST}))


def mark_read(rows: Rows, asker: Asker, notice_id: UUID, at: datetime) -> None:
    """They have read this one. Again changes nothing, and neither does one that is not theirs."""
    wanted = {"notice": str(notice_id), "at": at}
    rows.execute(_READ.format(found=_ONE), _whose(asker) | wanted)


def mark_all_read(rows: Rows, asker: Asker, at: datetime) -> None:
    """They have read everything that came until now."""
    rows.execute(_READ.format(found=_UNREAD), _whose(asker) | {"since": at - RECENT, "limit": None, "at": at})


def _whose(asker: Asker) -> dict[str, Any]:
    # Only its clerks have a department's letters; others may carry a department for other reasons.
    return {"account": asker.id, "department": asker.department if asker.role == "department" else None}


def _kept(row: dict[str, Any]) -> Kept:
    notice = NoticeRequested(
        notice_id=UUID(str(row["notice_id"])),
        template=row["template"],
        recipient_kind=RecipientKind(row["recipient_kind"]),
        recipient=row["recipient"],
        channel=row["channel"],
        about=UUID(str(row["about"])),
        values=row["quoted"],
    )
    return Kept(notice, row["area"], row["requested_at"], row["read_at"] is not None)
