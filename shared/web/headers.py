"""Reads a request's first line and headers: strictly, and several times faster than the standard library's mail parser.

Two servers in a row must see the same requests, so whatever could be read in two ways is refused: bare line feeds,
folded lines, names that are none, control characters, two lengths, odd transfer encodings.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_MOST_HEADERS = 100
_VERSION = re.compile(r"HTTP/1\.[01]")
_METHOD = re.compile(r"[A-Z]{1,20}")
_TARGET = re.compile(r"[\x21-\x7e\x80-\xff]+")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\r\n")
_LENGTH = re.compile(r"[0-9]{1,15}")


class Unreadable(Exception):
    """The request cannot be read, or could be read in two ways."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Headers:
    """The headers as eventlet wants to see them."""

    __slots__ = ("_headers", "_values")

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._headers = pairs
        self._values: dict[str, str] = {}
        for name, value in pairs:
            self._values.setdefault(name.lower(), value)

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of that name, in any spelling."""
        return self._values.get(name.lower(), default)

    def get_content_type(self) -> str:
        """Asked for when there is none."""
        return ""


def first_line(raw: bytes) -> tuple[str, str, str]:
    """(method, target, version). Raises Unreadable."""
    words = raw.decode("latin-1").removesuffix("\n").removesuffix("\r").split(" ")
    if len(words) != 3:
        raise Unreadable(400, "the first line is not a method, an address and a version")
    method, target, version = words
    if not _VERSION.fullmatch(version):
        known = version.startswith("HTTP/")
        raise Unreadable(505 if known else 400, "this server speaks HTTP/1.1")
    if not _METHOD.fullmatch(method) or not _TARGET.fullmatch(target):
        raise Unreadable(400, "the method or the address holds characters that it may not")
    return method, target, version


def read(readline: Callable[[], bytes], version: str) -> Headers:
    """All headers up to the empty line. Raises Unreadable."""
    pairs: list[tuple[str, str]] = []
    while True:
        line = readline()
        if line == b"\r\n":
            break
        found = _HEADER.fullmatch(line)
        if found is None:
            raise Unreadable(400, "the headers end too early" if not line else "a header line cannot be read")
        if len(pairs) == _MOST_HEADERS:
            raise Unreadable(431, f"there are more than {_MOST_HEADERS} headers")
        pairs.append((found[1].decode("ascii"), found[2].decode("latin-1")))
    _check_framing(pairs, version)
    return Headers(pairs)


def _check_framing(pairs: list[tuple[str, str]], version: str) -> None:
    """Where a body ends must be said once and in one way, and so must the host."""
    special: dict[str, list[str]] = {"host": [], "content-length": [], "transfer-encoding": []}
    for name, value in pairs:
        found = special.get(name.lower())
        if found is not None:
            found.append(value.lower())
    hosts, lengths, encodings = special.values()
    if len(lengths) > 1 or (lengths and not _LENGTH.fullmatch(lengths[0])):
        raise Unreadable(400, "the content length is not one number")
    if encodings and encodings != ["chunked"]:
        raise Unreadable(400, "the only transfer encoding here is chunked")
    if encodings and (lengths or version == "HTTP/1.0"):
        raise Unreadable(400, "a content length and a transfer encoding contradict each other")
    if len(hosts) > 1 or (not hosts and version == "HTTP/1.1"):
        raise Unreadable(400, "there is not exactly one Host header")
