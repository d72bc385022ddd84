"""What lets people in: password hashes, failures, and the sessions of browsers. No event knows any of it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.grid.accounts.domain import LOCKED_AFTER, LOCKED_FOR, Post
from shared.kernel.area import Area
from shared.ports import Companion, Rows
from shared.security.permission import Asker

IDLE = timedelta(hours=12)
"""A browser that has not been seen for so long is to sign in again."""
LONGEST = timedelta(days=14)
FAILURES_OF_AN_ADDRESS = 40
"""Wrong passwords from one address within its window; a whole office may share one."""
_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of one account."""

    account: str
    name: str | None
    hash: str
    must_change: bool
    failures: int
    locked_until: datetime | None

    def is_locked(self, at: datetime) -> bool:
        return self.locked_until is not None and at < self.locked_until


def find(rows: Rows, account: str) -> Key | None:
    """The key of an account."""
    found = rows.query(
        "SELECT account, name, hash, must_change, failures, locked_until FROM grid.account_keys WHERE account = %s",
        [account],
    )
    return Key(**found[0]) if found else None


def demonstrated(rows: Rows) -> list[dict[str, Any]]:
    """The accounts that a demonstration opened, with what their holders are called."""
    return rows.query(
        "SELECT account, name, role, area, department FROM grid.accounts JOIN grid.account_keys USING (account)"
        " WHERE account LIKE 'demo.%%' AND enabled ORDER BY created_at, account"
    )


def stored(account: str, kept: str, at: datetime, *, must_change: bool, name: str | None = None) -> Companion:
    """The row of a key, in the transaction of the event that says it was set; failures are forgotten."""
    statement = (
        "INSERT INTO grid.account_keys AS known (account, name, hash, must_change, changed_at) VALUES %s"
        " ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, must_change = excluded.must_change,"
        " changed_at = excluded.changed_at, name = coalesce(excluded.name, known.name),"
        " failures = 0, locked_until = NULL"
    )
    return Companion(statement, (account, name, kept, must_change, at))


def count_failure(rows: Rows, account: str, at: datetime) -> bool:
    """One wrong password more; whether that has locked the account, and the count begins anew."""
    found = rows.query(
        "UPDATE grid.account_keys SET"
        " failures = CASE WHEN failures + 1 >= %(most)s THEN 0 ELSE failures + 1 END,"
        " locked_until = CASE WHEN failures + 1 >= %(most)s THEN %(until)s ELSE locked_until END"
        " WHERE account = %(account)s RETURNING failures",
        {"account": account, "most": LOCKED_AFTER, "until": at + LOCKED_FOR},
    )
    return bool(found) and found[0]["failures"] == 0


def count_success(rows: Rows, account: str, at: datetime) -> None:
    """The right password: failures are forgotten."""
    rows.execute(
        "UPDATE grid.account_keys SET failures = 0, locked_until = NULL, signed_in_at = %s WHERE account = %s",
        [at, account],
    )


def count_failure_of_address(rows: Rows, address: str, at: datetime) -> None:
    """One wrong password more from there, in a window that begins with the first."""
    rows.execute(
        "INSERT INTO grid.log_in_failures AS known (address, since, n) VALUES (%(address)s, %(at)s, 1)"
        " ON CONFLICT (address) DO UPDATE SET"
        " n = CASE WHEN known.since < %(window)s THEN 1 ELSE known.n + 1 END,"
        " since = CASE WHEN known.since < %(window)s THEN %(at)s ELSE known.since END",
        {"address": address, "at": at, "window": at - _WINDOW},
    )


def is_barred(rows: Rows, address: str, at: datetime) -> bool:
    """Whether too many wrong passwords came from there of late."""
    found = rows.query(
        "SELECT 1 FROM grid.log_in_failures WHERE address = %s AND since >= %s AND n >= %s",
        [address, at - _WINDOW, FAILURES_OF_AN_ADDRESS],
    )
    return bool(found)


# --- the sessions of browsers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """A browser that somebody signed in with."""

    asker: Asker
    name: str | None
    issuer: str | None


def open_session(rows: Rows, asker: Asker, name: str | None, at: datetime, *, issuer: str | None = None) -> str:
    """Remember a browser; the secret that it is to keep."""
    secret = secrets.token_urlsafe(32)
    rows.execute(
        "INSERT INTO grid.sessions"
        " (hash, account, issuer, role, area, department, name, created_at, seen_at, expires_at)"
        " VALUES (%(hash)s, %(account)s, %(issuer)s, %(role)s, %(area)s, %(department)s, %(name)s, %(at)s, %(at)s,"
        " %(until)s)",
        {
            "hash": _hash(secret),
            "account": asker.id,
            "issuer": issuer,
            "role": asker.role,
            "area": asker.area and asker.area.path,
            "department": asker.department,
            "name": name,
            "at": at,
            "until": at + LONGEST,
        },
    )
    rows.execute("DELETE FROM grid.sessions WHERE expires_at < %s OR seen_at < %s", [at, at - IDLE])
    return secret


def seen_session(rows: Rows, secret: str, at: datetime) -> Known | None:
    """The browser that keeps the secret, if it is still known."""
    found = rows.query(
        "UPDATE grid.sessions SET seen_at = %(at)s WHERE hash = %(hash)s AND expires_at > %(at)s AND seen_at > %(idle)s"
        " RETURNING account, role, area, department, name, issuer",
        {"hash": _hash(secret), "at": at, "idle": at - IDLE},
    )
    return _known(found[0]) if found else None


def close_session(rows: Rows, secret: str) -> None:
    """Forget one browser."""
    rows.execute("DELETE FROM grid.sessions WHERE hash = %s", [_hash(secret)])


def close_sessions(rows: Rows, account: str) -> int:
    """Forget every browser of an account of ours; how many there were."""
    return rows.execute("DELETE FROM grid.sessions WHERE account = %s AND issuer IS NULL", [account])


def asker_of(account: str, post: Post) -> Asker:
    """Who signs in with that account."""
    return Asker(account, post.role, Area.parse(post.area) if post.area else None, post.department)


def _known(row: dict[str, Any]) -> Known:
    post = Post(row["role"], row["area"], row["department"])
    return Known(asker_of(row["account"], post), row["name"], row["issuer"])


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
