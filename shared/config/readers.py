"""Reads the text of one variable into its value, and says what is wrong with it."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import urlsplit

from shared.config.settings import Setting

_SCHEMES = {"postgresql": ("postgresql", "postgres"), "amqp": ("amqp", "amqps"), "http": ("http", "https")}


def read(text: str, setting: Setting) -> Any:
    """The value that the text spells. Raises ValueError with the rest of a sentence that begins with the name."""
    return _READERS.get(setting.kind, _text)(text, setting)


def _text(text: str, _setting: Setting) -> str:
    return text


def _count(text: str, _setting: Setting) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 1_000_000:
        raise ValueError(f"is {text[:40]!r}, not a whole number from 1")
    return int(text)


def _port(text: str, _setting: Setting) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 65535:
        raise ValueError(f"is {text[:40]!r}, not a port from 1 to 65535")
    return int(text)


def _flag(text: str, _setting: Setting) -> bool:
    found = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower())
    if found is None:
        raise ValueError(f"is {text[:40]!r}, neither true nor false")
    return found


def _choice(text: str, setting: Setting) -> str:
    if text not in setting.choices:
        raise ValueError(f"is {text[:40]!r}, not one of {', '.join(setting.choices)}")
    return text


def _log_form(text: str, _setting: Setting) -> str:
    if text not in ("json", "pretty"):
        raise ValueError(f"is {text[:40]!r}, neither json nor pretty")
    return text


def _key(text: str, _setting: Setting) -> str:
    try:
        length = len(key_bytes(text))
    except (ValueError, binascii.Error) as error:
        raise ValueError("is not base64") from error
    if length != 32:
        raise ValueError(f"holds {length} bytes, not 32")
    return text


def _url(text: str, setting: Setting) -> str:
    schemes = _SCHEMES[setting.kind]
    parts = urlsplit(text)
    if parts.scheme not in schemes:
        raise ValueError(f"starts with {parts.scheme[:20]!r}, not with {schemes[0]}://")
    try:
        _ = parts.port
    except ValueError as error:
        raise ValueError("has a port that is no number") from error
    # PostgreSQL may be reached through a socket directory in the query, without a host.
    if not parts.hostname and not (setting.kind == "postgresql" and "host=" in parts.query):
        raise ValueError("names no host")
    return text


_READERS = {
    "count": _count,
    "port": _port,
    "flag": _flag,
    "choice": _choice,
    "log": _log_form,
    "key": _key,
    "postgresql": _url,
    "amqp": _url,
    "http": _url,
}


def key_bytes(text: str) -> bytes:
    """The key that the base64 text spells."""
    return base64.b64decode(text, validate=True)
