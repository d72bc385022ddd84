"""The keys of programs that report through Open311: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from shared.contracts.envelope import Actor
from shared.kernel.errors import Forbidden, NotFound, Refused
from shared.kernel.ids import new_id
from shared.ports import Rows

PREFIX = "wjk_"
OPENLY = "open311"
"""The role of such a program in the events that it causes."""
_BYTES = 32

_MAKE = """
INSERT INTO intake.api_keys (key_id, name, hash, created_by, created_at)
VALUES (%(key_id)s, %(name)s, %(hash)s, %(by)s, %(at)s) ON CONFLICT DO NOTHING
"""
_LIST = "SELECT key_id, name, created_by, created_at, revoked_at FROM intake.api_keys ORDER BY created_at, key_id"
_REVOKE = "UPDATE intake.api_keys SET revoked_at = %s WHERE name = %s AND revoked_at IS NULL"
_KNOWN = "SELECT name FROM intake.api_keys WHERE hash = %s AND revoked_at IS NULL"


def make(rows: Rows, name: str, by: str, at: datetime) -> dict[str, Any]:
    """A new key for the program of that name; the only time that it is seen. Raises Refused when it has one."""
    key = PREFIX + secrets.token_urlsafe(_BYTES)
    key_id = new_id()
    # The key is as long as its hash and as random: nothing slower than SHA-256 would make guessing harder.
    values = {"key_id": str(key_id), "name": name, "hash": _hash(key), "by": by, "at": at}
    if rows.execute(_MAKE, values) == 0:
        raise Refused(
            f"{name} has a valid key", rule="api_key.name_taken", where="name", hint="revoke it first, or add a number"
        )
    return {"key_id": key_id, "name": name, "key": key, "created_at": at}


def known(rows: Rows) -> list[dict[str, Any]]:
    """Every key there ever was, without the key itself."""
    return rows.query(_LIST)


def revoke(rows: Rows, name: str, at: datetime) -> None:
    """The program's key is worth nothing from now on. Raises NotFound when it has none."""
    if rows.execute(_REVOKE, [at, name]) == 0:
        raise NotFound(f"{name} has no valid key", where="name")


def holder(rows: Rows, key: str | None) -> Actor:
    """The program that the key was made for. Raises Forbidden."""
    if not key:
        raise Forbidden("api_key is missing", where="api_key")
    found = rows.query(_KNOWN, [_hash(key)]) if key.startswith(PREFIX) else []
    if not found:
        raise Forbidden("this api_key is not valid", where="api_key")
    return Actor(found[0]["name"], OPENLY)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8")).digest()
