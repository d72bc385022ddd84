"""Identifiers that sort by the moment they were made (UUID version 7, RFC 9562)."""

from __future__ import annotations

import os
import time
from collections import deque
from functools import lru_cache
from uuid import NAMESPACE_URL, UUID, SafeUUID, uuid5

_WUJI = uuid5(NAMESPACE_URL, "urn:wuji")

# Random bytes are fetched for many ids at once: every call of the kernel lets another thread in, and sixteen busy
# threads then spend more time taking turns than working. A forked child must not reuse its parent's.
_random: deque[bytes] = deque()
os.register_at_fork(after_in_child=_random.clear)


_new = object.__new__
_set_int = UUID.__dict__["int"].__set__
_set_is_safe = UUID.__dict__["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown


def _made(value: int) -> UUID:
    """`UUID(int=value)` without the questions about what else it might have been given."""
    found = _new(UUID)
    _set_int(found, value)
    _set_is_safe(found, _UNKNOWN)
    return found


def new_id() -> UUID:
    """A new UUIDv7: 48 bits of milliseconds, then 74 random bits, so neighbours in time are neighbours on disk."""
    milliseconds = time.time_ns() // 1_000_000
    try:
        random = int.from_bytes(_random.pop())
    except IndexError:
        fetched = os.urandom(2560)
        _random.extend(fetched[start : start + 10] for start in range(10, 2560, 10))
        random = int.from_bytes(fetched[:10])
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76
    value |= (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random & 0x3FFF_FFFF_FFFF_FFFF
    return _made(value)


def derived_id(*parts: object) -> UUID:
    """The same id for the same parts, always: what a repeated effect is called by."""
    return uuid5(_WUJI, "\x1f".join(str(part) for part in parts))


def trusted_id(text: str) -> UUID:
    """The id from its canonical text, as our own database wrote it: three times as fast as `UUID`, which also reads
    braces, URNs and bytes. Raises ValueError for what is not hexadecimal."""
    return _made(int(text.replace("-", ""), 16))


@lru_cache(maxsize=65536)
def known_id(text: str) -> UUID:
    """The same, for ids that come again and again: a case's stands in each of its dozen events, often twice."""
    return trusted_id(text)
