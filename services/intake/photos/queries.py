"""Who may look at a photo, where it was taken in, and how much room photos take."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from shared.kernel.area import Area
from shared.photos import Size
from shared.ports import Rows
from shared.security import links
from shared.security.permission import Asker

_USES = "SELECT DISTINCT issue, area FROM intake.photo_uses WHERE sha256 = %s LIMIT 100"
_LOOK = """
INSERT INTO intake.photo_accesses (sha256, size, read_by, role, read_at) VALUES (%s, %s, %s, %s, %s)
"""
REPORTER = "reporter"


def may_see(rows: Rows, sha256: str, asker: Asker | None, secret: str | None, link_key: bytes) -> bool:
    """Staff who serve a place with an issue that refers to the photo; whoever took it in; the reporter of the issue."""
    if asker is not None:
        if any(asker.covers(Area(use["area"])) for use in rows.query(_USES, [sha256])):
            return True
        sent = rows.query("SELECT sent_by FROM intake.photos WHERE sha256 = %s", [sha256])
        return bool(sent) and sent[0]["sent_by"] == asker.id
    if secret is None:
        return False
    issues = {UUID(str(use["issue"])) for use in rows.query(_USES, [sha256])}
    return any(links.verify(link_key, "report", issue, secret) for issue in issues)


def is_erased(rows: Rows, sha256: str) -> bool:
    """Whether the photo was taken away."""
    return bool(rows.query("SELECT 1 FROM intake.photos WHERE sha256 = %s AND erased_at IS NOT NULL", [sha256]))


def record_look(rows: Rows, sha256: str, size: Size, asker: Asker | None, at: datetime) -> None:
    """Nobody looks at a photo without leaving a trace."""
    who = (REPORTER, REPORTER) if asker is None else (asker.id, asker.role)
    rows.execute(_LOOK, [sha256, size.value, *who, at])


def bytes_kept(rows: Rows) -> int:
    """How much room the photos take."""
    found = rows.query("SELECT coalesce(sum(size), 0)::bigint AS kept FROM intake.photos WHERE erased_at IS NULL")
    kept: int = found[0]["kept"]
    return kept


def first_district(rows: Rows) -> Area | None:
    """Where a photo belongs of which nobody says where it was taken."""
    found = rows.query("SELECT path FROM intake.areas WHERE tier = 1 ORDER BY path LIMIT 1")
    return Area(found[0]["path"]) if found else None
