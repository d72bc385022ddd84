"""The WSGI application of one service: finds the door, turns replies and errors into bytes, logs each request once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import BaseConverter, Map, RequestRedirect, Rule, ValidationError

from shared.kernel.area import Area
from shared.kernel.errors import Invalid, WujiError
from shared.kernel.ids import new_id
from shared.telemetry.logs import logger
from shared.telemetry.metrics import HTTP_REQUESTS, HTTP_SECONDS
from shared.web import problem
from shared.web.call import Reply
from shared.web.openapi import document
from shared.web.request import Request

if TYPE_CHECKING:
    from shared.web.door import Door

_LINES = {
    200: "200 OK",
    201: "201 Created",
    202: "202 Accepted",
    204: "204 No Content",
    303: "303 See Other",
    304: "304 Not Modified",
}
_MOST_DISCARDED = 16_000_000
_ABOUT = ("case_id", "report_id", "correlation_id")


class _AreaConverter(BaseConverter):
    """`<area:area>`: an area path or code in the address."""

    regex = "[0-9.]{6,24}"

    def to_python(self, value: str) -> Area:
        try:
            return Area.parse(value)
        except Invalid as error:
            raise ValidationError from error


class DoorApp:
    """All doors of one service."""

    def __init__(self, service: type, name: str, doors: Iterable[Door]) -> None:
        self._service = service
        self._name = name
        self._log = logger(name)
        self._map = Map(strict_slashes=False, merge_slashes=False, converters={"area": _AreaConverter})
        self._described = f"/api/v1/{name}/openapi.json"
        self._document: bytes | None = None
        self._counts: dict[tuple[str, int], Any] = {}
        self._times: dict[str, Any] = {}
        self._plain: dict[tuple[str, str], Door] = {}
        self._failed = next((door.failed for door in doors if door.failed is not None), None)
        for door in doors:
            rule = door.get_url_rule()
            rule.endpoint = door
            self._map.add(rule)
            if "<" not in door.url:
                self._plain[door.method, door.url] = door
        self._map.add(Rule(self._described, methods=["GET"], endpoint=None))
        self._adapter = self._map.bind("wuji")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        started = time.perf_counter()
        request = Request(environ)
        label = "none"
        outcome: dict[str, Any] = {}
        door: Door | None = None
        values: dict[str, Any] = {}
        try:
            door, values = self._find(environ)
            if door is None:
                label = "GET " + self._described
                reply = Reply(self._describe())
            else:
                label = door.label
                reply = door.answer_to(request, values)
                for name in _ABOUT:
                    if isinstance(values.get(name), UUID):
                        request.notes.setdefault(name, values[name])
            status = reply.status or (door.status if door is not None else 200)
            headers, body = _encoded(reply, environ)
            if reply.is_stream:
                request.streams()
        except Exception as error:  # noqa: BLE001  # the one place where every error becomes an answer
            status, headers, body, outcome = self._problem(error, request, door, values)
        self._say(label, status, started, request, outcome)
        start_response(_LINES.get(status) or f"{status} {problem.phrase(status)}", headers)
        return body

    def _find(self, environ: dict[str, Any]) -> tuple[Door | None, dict[str, Any]]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        door = self._plain.get((method, path))
        if door is not None:
            return door, {}
        try:
            text = path.encode("latin-1").decode("utf-8")
        except UnicodeError:
            raise NotFound from None
        if not text.startswith("/") or "\x00" in text:
            raise NotFound
        try:
            endpoint, values = self._adapter.match(text, method)
        except RequestRedirect as error:
            raise NotFound from error
        return endpoint, dict(values)

    def _describe(self) -> bytes:
        if self._document is None:
            self._document = orjson.dumps(document(self._service))
        return self._document

    def _problem(
        self, error: Exception, request: Request, door: Door | None, values: dict[str, Any]
    ) -> tuple[int, list[tuple[str, str]], list[bytes], dict[str, Any]]:
        if isinstance(error, MethodNotAllowed):
            allowed = ", ".join(sorted(set(error.valid_methods or ()) - {"OPTIONS"}))
            found = problem.of_status(405, f"this address takes {allowed}", Allow=allowed)
        elif isinstance(error, NotFound):
            found = problem.of_status(404, "there is nothing at this address")
        else:
            found = problem.of_error(error)
        instance = new_id()
        says: dict[str, Any] = {"outcome": found.kind, "instance": str(instance), "error": str(error)[:500]}
        if not isinstance(error, WujiError | MethodNotAllowed | NotFound):
            says["exc_info"] = error
        environ = request.environ
        failed = door.failed if door is not None else self._failed if _is_looking(environ) else None
        if failed is not None:
            reply = failed(found, request)
            headers, encoded = _encoded(reply, environ)
            return reply.status or found.status, headers, list(encoded), says
        if door is not None and door.refusals is not None:
            status, media, body = door.refusals(found, values)
        else:
            status, media, body = found.status, problem.MEDIA, found.body(instance)
        headers = [("Content-Type", media), ("Content-Length", str(len(body))), *found.headers.items()]
        headers += _ALWAYS
        if _left_to_read(environ) > _MOST_DISCARDED:
            headers.append(("Connection", "close"))
        return status, headers, [b"" if environ["REQUEST_METHOD"] == "HEAD" else body], says

    def _say(self, label: str, status: int, started: float, request: Request, outcome: dict[str, Any]) -> None:
        took = time.perf_counter() - started
        count = self._counts.get((label, status))
        if count is None:
            count = self._counts[label, status] = HTTP_REQUESTS.labels(self._name, label, str(status))
            self._times.setdefault(label, HTTP_SECONDS.labels(self._name, label))
        count.inc()
        self._times[label].observe(took)
        says = self._log.error if status == 500 else self._log.info
        says(
            "request",
            door=label,
            status=status,
            ms=round(took * 1000, 2),
            trace_id=request.trace_id,
            **{"outcome": "ok", **request.notes, **outcome},
        )


_ALWAYS = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]


def _left_to_read(environ: dict[str, Any]) -> int:
    """Bytes of the body that nobody has read; a body without a length may be endless."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return _MOST_DISCARDED + 1
    return int(environ.get("CONTENT_LENGTH") or 0)


def _is_looking(environ: dict[str, Any]) -> bool:
    """Whether somebody looks with a browser at an address that no door has."""
    return "text/html" in environ.get("HTTP_ACCEPT", "") and not environ["PATH_INFO"].startswith("/api/")


def _encoded(reply: Reply, environ: dict[str, Any]) -> tuple[list[tuple[str, str]], Iterable[bytes]]:
    headers = [("Content-Type", reply.media), *_ALWAYS]
    if reply.headers:
        given = {name.lower() for name in reply.headers}
        headers = [pair for pair in headers if pair[0].lower() not in given]
        headers += [(name, _one_line(value)) for name, value in reply.headers.items()]
    headers += [("Set-Cookie", _one_line(value)) for value in reply.cookies]
    if reply.is_stream:
        # Small frames must not wait in a buffer until 4 kB have come together.
        environ["eventlet.minimum_write_chunk_size"] = 0
        return headers, reply.body
    body = _bytes(reply)
    headers.append(("Content-Length", str(len(body))))
    return headers, [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def _bytes(reply: Reply) -> bytes:
    body = reply.body
    if isinstance(body, bytes):
        return body
    if body is None:
        return b""
    if isinstance(body, str) and reply.media != "application/json":
        return body.encode("utf-8")
    try:
        return orjson.dumps(body, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    except TypeError:
        # Slower, and only needed when an answer's keys are enums or numbers.
        return orjson.dumps(body, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, Area):
        return value.path
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} does not belong in an answer")


def _one_line(value: str) -> str:
    if "\r" in value or "\n" in value:
        raise ValueError("a header of the answer spans lines")
    return value
