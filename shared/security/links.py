"""Secrets that are never stored: whoever holds the link proves it by a token derived from what the link is about."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from uuid import UUID

from shared.kernel.errors import Invalid

_SHORTEST_KEY = 16
_TOKEN_BYTES = 16  # 128 bits: beyond guessing, and short enough for a text message


def token(key: bytes, purpose: str, about: UUID) -> str:
    """The secret for one purpose (`report`, `feedback`) and one id: 22 characters that fit into a URL."""
    if len(key) < _SHORTEST_KEY:
        raise Invalid(f"the link key has {len(key)} bytes, it needs at least {_SHORTEST_KEY}", where="WUJI_LINK_KEY")
    digest = hmac.digest(key, f"{purpose}:{about}".encode(), "sha256")
    return urlsafe_b64encode(digest[:_TOKEN_BYTES]).rstrip(b"=").decode("ascii")


def verify(key: bytes, purpose: str, about: UUID, shown: str) -> bool:
    """Whether the shown token is the right one; takes the same time for a nearly right one as for a wrong one."""
    return hmac.compare_digest(token(key, purpose, about).encode("ascii"), shown.encode("utf-8", "replace"))
