"""The systems that may send to us: their mapping, and their secret, sealed under the master key."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.inbound.mapping import checked
from shared.kernel.errors import NotFound, Refused
from shared.kernel.ids import new_id
from shared.ports import Rows
from shared.security import webhook_signature
from shared.security.sealing import Sealer

_PART = "webhook secret"
_MAKE = """
INSERT INTO intake.inbound_systems AS known (name, system_id, mapping, wrapped_key, secret, created_by, created_at)
VALUES (%(name)s, %(id)s, %(mapping)s, %(key)s, %(secret)s, %(by)s, %(at)s)
ON CONFLICT (name) DO UPDATE SET system_id = excluded.system_id, mapping = excluded.mapping,
    wrapped_key = excluded.wrapped_key, secret = excluded.secret, created_by = excluded.created_by,
    created_at = excluded.created_at, revoked_at = NULL
WHERE known.revoked_at IS NOT NULL
"""
_CHANGE = "UPDATE intake.inbound_systems SET mapping = %s WHERE name = %s AND revoked_at IS NULL"
_LIST = """
SELECT name, mapping -> 'system' ->> 'title' AS title, mapping -> 'system' ->> 'source' AS source, created_by,
       created_at, revoked_at
FROM intake.inbound_systems ORDER BY name
"""
_REVOKE = "UPDATE intake.inbound_systems SET revoked_at = %s WHERE name = %s AND revoked_at IS NULL"
_ONE = """
SELECT system_id, mapping, wrapped_key, secret FROM intake.inbound_systems WHERE name = %s AND revoked_at IS NULL
"""


def make(rows: Rows, sealer: Sealer, mapping: Any, by: str, at: datetime) -> dict[str, Any]:
    """Register a system; the answer is the only time that its secret is seen. A revoked one starts anew.

    Raises Invalid for a wrong mapping, Refused when the system is known.
    """
    name = checked(mapping)["system"]["name"]
    secret, system_id = webhook_signature.new_secret(), new_id()
    box = sealer.new_box(system_id)
    values = {
        "name": name,
        "id": str(system_id),
        "mapping": json.dumps(mapping),
        "key": box.wrapped_key,
        "secret": box.seal(_PART, {"secret": secret}),
        "by": by,
        "at": at,
    }
    if rows.execute(_MAKE, values) == 0:
        raise Refused(
            f"the system {name} is registered", rule="inbound.name_taken", where="name", hint="change or revoke it"
        )
    return {"name": name, "secret": secret, "address": f"/api/v1/inbound/{name}", "created_at": at}


def change(rows: Rows, mapping: Any) -> str:
    """Give a known system another mapping; its secret stays. Raises Invalid, NotFound."""
    name: str = checked(mapping)["system"]["name"]
    if rows.execute(_CHANGE, [json.dumps(mapping), name]) == 0:
        raise NotFound(f"there is no system {name}", where="name")
    return name


def known(rows: Rows) -> list[dict[str, Any]]:
    """Every system, without its secret."""
    return rows.query(_LIST)


def revoke(rows: Rows, name: str, at: datetime) -> None:
    """Nothing is taken from the system any more. Raises NotFound."""
    if rows.execute(_REVOKE, [at, name]) == 0:
        raise NotFound(f"there is no system {name}", where="name")


def opened(rows: Rows, sealer: Sealer, name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Mapping and secrets of a system. One that we do not know has none, so that no signature is right: which systems
    there are is not told."""
    found = rows.query(_ONE, [name])
    if not found:
        return {}, ()
    row = found[0]
    box = sealer.box(UUID(str(row["system_id"])), bytes(row["wrapped_key"]))
    return checked(row["mapping"]), (box.open(_PART, bytes(row["secret"]))["secret"],)
