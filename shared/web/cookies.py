"""Reads and writes cookies."""

from __future__ import annotations

import re
from datetime import timedelta

_PAIR = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(\"?)([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)\2\s*")


def read(header: str) -> dict[str, str]:
    """Name → value of a Cookie header; what cannot be read is passed over, and the first of a name counts."""
    found: dict[str, str] = {}
    for part in header.split(";")[:100]:
        pair = _PAIR.fullmatch(part)
        if pair is not None:
            found.setdefault(pair[1], pair[3])
    return found


def write(
    name: str, value: str, *, secure: bool, lifetime: timedelta | None = None, path: str = "/", hidden: bool = True
) -> str:
    """A Set-Cookie header that other sites' forms do not carry along; `hidden` from scripts unless said otherwise.
    Without a lifetime it ends with the browser."""
    parts = [f"{name}={value}", f"Path={path}", "SameSite=Lax"]
    if lifetime is not None:
        parts.append(f"Max-Age={int(lifetime.total_seconds())}")
    if hidden:
        parts.append("HttpOnly")
    if secure:
        parts.append("Secure")
    return "; ".join(parts)


def forget(name: str, *, secure: bool, path: str = "/") -> str:
    """A Set-Cookie header that takes the cookie away."""
    return write(name, "", secure=secure, lifetime=timedelta(0), path=path)
