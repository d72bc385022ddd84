"""Identifiers that sort by the moment they were made (UUID version 7, RFC 9562)."""

from __future__ import annotations

import os
import time
from uuid import NAMESPACE_URL, UUID, uuid5

_WUJI = uuid5(NAMESPACE_URL, "urn:wuji")


def new_id() -> UUID:
    """A new UUIDv7: 48 bits of milliseconds, then 74 random bits, so neighbours in time are neighbours on disk."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76
    value |= (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=value)


def derived_id(*parts: object) -> UUID:
    """The same id for the same parts, always: what a repeated effect is called by."""
    return uuid5(_WUJI, "\x1f".join(str(part) for part in parts))
