"""One HTTP request, read with suspicion: sizes, encodings and repeats are checked before anything is believed."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from marshmallow import Schema, ValidationError

from shared.kernel.clock import utc_now
from shared.kernel.errors import Invalid, Unauthenticated, WujiError
from shared.security.sessions import Session
from shared.web import cookies, form, strict_json
from shared.web.protocol import SERVING, STREAMING

LARGEST_BODY = 1_000_000
"""Bytes."""
FORM_TOKEN = "_csrf"
_MOST_QUERY_FIELDS = 100
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class TooLarge(WujiError):
    """The body is larger than any door needs."""

    status = 413
    title = "Content Too Large"


class WrongMedia(WujiError):
    """The body is of a type that this door does not read, or is packed."""

    status = 415
    title = "Unsupported Media Type"


@dataclass(frozen=True, slots=True)
class Raw:
    """What a door takes that is no JSON: a file as it is."""

    media: tuple[str, ...]
    """Types that may be declared; whether they are true is for the method to see."""
    largest: int
    """Bytes."""


class Request:
    """What came in over one connection, as the WSGI environment tells it."""

    __slots__ = ("__dict__", "at", "environ", "notes", "traceparent")

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.at: datetime = utc_now()
        self.notes: dict[str, Any] = {}
        """What the log line of this request will say besides."""
        self.raw = b""
        """The body's bytes, once they were read."""
        self.session: Session | None = None
        """The browser's, once the door has read it."""
        self.form_token: str | None = environ.get("HTTP_X_CSRF_TOKEN")
        """What proves that a form is ours: a script sends it as a header, a form as the field `_csrf`."""
        given = environ.get("HTTP_TRACEPARENT", "")
        self.traceparent: str = given if _TRACEPARENT.fullmatch(given) else _new_trace()

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Lower-case name → value."""
        found = {key[5:].replace("_", "-").lower(): value for key, value in self.environ.items() if key[:5] == "HTTP_"}
        found["content-type"] = self.environ.get("CONTENT_TYPE", "")
        return found

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """Name → value."""
        return cookies.read(self.environ.get("HTTP_COOKIE", ""))

    @property
    def address(self) -> str:
        """Path and query string, as they were asked for."""
        query = self.environ.get("QUERY_STRING", "")
        path = str(self.environ.get("RAW_PATH_INFO") or self.environ.get("PATH_INFO", "/"))
        return f"{path}?{query}" if query else path

    @property
    def is_foreign(self) -> bool:
        """Whether the browser says that another site's page sent this."""
        site = self.environ.get("HTTP_SEC_FETCH_SITE")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = self.environ.get("HTTP_ORIGIN")
        return origin is not None and urlsplit(origin).netloc != self.environ.get("HTTP_HOST")

    @property
    def trace_id(self) -> str:
        return self.traceparent[3:35]

    def received(self) -> None:
        """All of it is here: from now on the sender waits for us, and is not to be hurried."""
        self._now(SERVING)

    def streams(self) -> None:
        """The answer goes on and on: nobody waits for its end when the service stops."""
        self._now(STREAMING)

    def _now(self, state: str) -> None:
        connection = self.environ.get("wuji.connection")
        if connection is not None:
            connection.now(state)

    def bearer(self) -> str | None:
        """The token, when one was sent. Raises Unauthenticated for any other way of signing in."""
        given: str | None = self.environ.get("HTTP_AUTHORIZATION")
        if given is None:
            return None
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated(
                "the Authorization header holds no bearer token", hint="Authorization: Bearer <token>"
            )
        return token.strip()

    def idempotency_key(self) -> str | None:
        """The sender's key. Raises Invalid when it is not 1 to 200 visible ASCII characters."""
        given: str | None = self.environ.get("HTTP_IDEMPOTENCY_KEY")
        if given is not None and not _KEY.fullmatch(given):
            raise Invalid(
                "an Idempotency-Key is 1 to 200 visible ASCII characters",
                where="Idempotency-Key",
                hint="a UUID will do",
            )
        return given

    def fingerprint(self) -> bytes:
        """What was asked for, hashed: the address and the body, which must have been read."""
        return hashlib.sha256(self.environ.get("PATH_INFO", "").encode("utf-8", "replace") + b"\0" + self.raw).digest()

    def query(self, schema: Schema | None, lists: frozenset[str]) -> dict[str, Any]:
        """The query string, loaded. Without a schema nobody looks at it: links collect such things on their way."""
        if schema is None:
            return {}
        text = self.environ.get("QUERY_STRING", "")
        try:
            pairs = parse_qsl(
                text, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=_MOST_QUERY_FIELDS
            )
        except ValueError as error:
            raise Invalid("the query string cannot be read: it is not UTF-8, or far too long", where="query") from error
        raw: dict[str, Any] = {}
        for name, value in pairs:
            if "\x00" in value or "\x00" in name:
                raise Invalid("the query string contains the NUL character", where="query")
            if name in lists:
                raw.setdefault(name, []).append(value)
            elif name in raw:
                raise Invalid(f"{name[:60]} is given twice in the query string", where=name[:60])
            else:
                raw[name] = value
        return _loaded(schema, raw, "query")

    def body(self, schema: Schema | None, *, forms: bool = False) -> dict[str, Any]:
        """The body, loaded; with `forms` it may be an HTML form too. Raises TooLarge, WrongMedia, Invalid."""
        if schema is None:
            return {}
        media = self._media((form.MEDIA, "application/json") if forms else ("application/json",))
        self.raw = self._read(LARGEST_BODY)
        if media == form.MEDIA:
            return _loaded(schema, self._form(), "body")
        value = strict_json.parse(self.raw)
        if not isinstance(value, dict):
            raise Invalid(f"the body is a JSON {_kind(value)}, not an object", where="body")
        return _loaded(schema, value, "body")

    def content(self, takes: Raw) -> None:
        """Read a body that is kept as it is. Raises TooLarge, WrongMedia, Invalid."""
        self._media(takes.media)
        self.raw = self._read(takes.largest)

    def _form(self) -> dict[str, Any]:
        """The fields but the form token."""
        found: dict[str, Any] = dict(form.parse(self.raw))
        token = found.pop(FORM_TOKEN, None)
        if isinstance(token, str):
            self.form_token = token
        return found

    def _media(self, readable: tuple[str, ...]) -> str:
        given, _, parameters = self.environ.get("CONTENT_TYPE", "").partition(";")
        media: str = given.strip().lower()
        if media not in readable:
            raise WrongMedia(f"the body's type is {given[:60]!r}", hint=f"send Content-Type: {readable[0]}")
        charset = parameters.partition("charset=")[2].partition(";")[0].strip(' "').lower()
        if charset not in ("", "utf-8", "utf8"):
            raise WrongMedia(f"the body's charset is {charset[:40]!r}", hint="bodies are sent in UTF-8")
        if self.environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise WrongMedia("the body is packed", hint="send it without Content-Encoding")
        return media

    def _read(self, largest: int) -> bytes:
        source = self.environ["wsgi.input"]
        declared: str | None = self.environ.get("CONTENT_LENGTH")
        if declared is not None and int(declared) > largest:
            raise _too_large(largest)
        try:
            body: bytes = source.read(largest + 1) if declared is None else source.read(int(declared))
        except ValueError as error:
            raise Invalid("the body's chunks cannot be read", where="body") from error
        if len(body) > largest:
            raise _too_large(largest)
        if declared is not None and len(body) < int(declared):
            raise Invalid(f"the body ends after {len(body)} of {declared} bytes", where="body")
        if not body:
            raise Invalid("the body is empty", where="body", hint="send a JSON object")
        return body


def _loaded(schema: Schema, raw: dict[str, Any], where: str) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(raw)
    except ValidationError as error:
        found = error.messages if isinstance(error.messages, dict) else {"_schema": error.messages}
        named = ", ".join(str(name)[:60] for name in list(found)[:5])
        raise Invalid(f"the {where} is wrong: see {named}", where=where, errors=dict(found)) from error
    except (OverflowError, RecursionError, UnicodeError) as error:
        raise Invalid(f"the {where} holds a value that is out of all range", where=where) from error
    return loaded


def _too_large(largest: int) -> TooLarge:
    hint = "send photos and files by reference" if largest == LARGEST_BODY else "make it smaller"
    return TooLarge(f"the body is larger than {largest:,} bytes", hint=hint)


def _new_trace() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return {list: "list", str: "text", int: "number", float: "number"}.get(type(value), type(value).__name__)
