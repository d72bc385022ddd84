"""JSON lines on standard error: one canonical line per request and message, personal numbers masked.

`configure` once per process; `logger(service)` wherever something is to be said. Lines of libraries that use the
standard `logging` come out in the same form.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson
import structlog

from shared.kernel.clock import utc_now
from shared.kernel.masking import mask
from shared.telemetry.metrics import LOG_LINES_LOST

_PERHAPS_PERSONAL = re.compile(r"[0-9][0-9 -]{6}")
# Values of these keys are made by us from ids and counts; masking could only damage them.
_OURS = frozenset(
    (
        *("ts", "level", "service", "process", "door", "message", "queue", "consumer", "outcome"),
        *("case_id", "report_id", "correlation_id", "event_id", "stream", "instance", "trace_id", "traceparent"),
    )
)
_LIBRARIES = ("nameko", "kombu", "amqp", "eventlet", "werkzeug", "urllib3", "pika", "yoyo")

Entry = MutableMapping[str, Any]


def configure(process: str, form: str | None = None, level: str = "INFO") -> None:
    """Set up logging of this process. `form` is `json` or `pretty`; None means pretty on a terminal, else JSON."""
    pretty = form == "pretty" or (form is None and sys.stderr.isatty())
    structlog.configure(
        processors=[_with_time, _with_traceback, masked, _pretty() if pretty else as_json],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=_factory,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.clear_contextvars()
    root = logging.getLogger()
    root.handlers[:] = [_Bridge(process)]
    root.setLevel(logging.WARNING)
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.ERROR)
    # nameko logs every error that a method raises, expected or not; our own line about it says more.
    logging.getLogger("nameko.containers").setLevel(logging.CRITICAL)


def logger(service: str) -> Any:
    """A logger whose lines carry the service's name."""
    return structlog.get_logger(service=service)


def masked(_logger: object, _method: str, entry: Entry) -> Entry:
    """Hide phone and identity numbers in every value that people or strangers wrote."""
    for key, value in entry.items():
        if key not in _OURS:
            entry[key] = _mask(value)
    return entry


def _mask(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value) if _PERHAPS_PERSONAL.search(value) else value
    if isinstance(value, Mapping):
        return {_mask(name): _mask(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_mask(part) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _mask(str(value))


def as_json(_logger: object, _method: str, entry: Entry) -> str:
    """The entry as one line."""
    try:
        return orjson.dumps(entry, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # A lone surrogate in something a stranger sent: say it with the broken part spelled out.
        safe = {str(key): str(value).encode("utf-8", "backslashreplace").decode() for key, value in entry.items()}
        return orjson.dumps(safe).decode()


def _with_time(_logger: object, method: str, entry: Entry) -> Entry:
    entry["ts"] = utc_now().isoformat(timespec="milliseconds")
    entry["level"] = method
    return entry


def _with_traceback(_logger: object, _method: str, entry: Entry) -> Entry:
    error = entry.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        entry["traceback"] = "".join(traceback.format_exception(error))
    return entry


def _pretty() -> Any:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False)


class _Lines:
    """Writes whole lines, and goes on when nobody reads them any more."""

    def msg(self, line: str) -> None:
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            LOG_LINES_LOST.inc()

    log = debug = info = warning = warn = error = critical = exception = fatal = msg


def _factory(*_arguments: object) -> _Lines:
    return _Lines()


class _Bridge(logging.Handler):
    """Lines of the standard logging, in our form."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def emit(self, record: logging.LogRecord) -> None:
        line = structlog.get_logger(service=self._process)
        says = getattr(line, record.levelname.lower(), line.warning)
        extra = {"exc_info": record.exc_info} if record.exc_info and record.exc_info[1] else {}
        says(record.getMessage(), logger=record.name, **extra)
