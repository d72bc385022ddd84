"""Settings come from the environment; every secret may be in a file instead, named by `<NAME>_FILE`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pika

URL = "WUJI_EVENTS_URL"
SUBSCRIPTION = "WUJI_EVENTS_SUBSCRIPTION"
TOKEN = "WUJI_EVENTS_TOKEN"
API = "WUJI_EVENTS_API"
PREFETCH = "WUJI_EVENTS_PREFETCH"
METRICS_PORT = "WUJI_EVENTS_METRICS_PORT"


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it."""


def optional(name: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The value, or the content of the file. Raises SettingsError for a file that cannot be read."""
    found = os.environ if environment is None else environment
    path = found.get(f"{name}_FILE")
    try:
        return found.get(name) or (Path(path).read_text().strip() if path else None)
    except OSError as error:
        raise SettingsError(f"{name}_FILE: {error}") from error


def need(name: str, environment: Mapping[str, str] | None = None) -> str:
    """The value. Raises SettingsError."""
    found = optional(name, environment)
    if not found:
        raise SettingsError(f"{name} is not set: the platform's operator prints it with `wuji sub rights`")
    return found


def number(name: str, default: int, environment: Mapping[str, str] | None = None) -> int:
    """A whole number above zero. Raises SettingsError."""
    found = optional(name, environment) or str(default)
    if not found.isdigit() or int(found) < 1:
        raise SettingsError(f"{name} is to be a number above 0, not {found[:20]!r}")
    return int(found)


def broker(url: str) -> pika.URLParameters:
    """The broker's address, with a heartbeat. Raises SettingsError."""
    try:
        if not url.startswith(("amqp://", "amqps://")):
            raise ValueError("not amqp://")
        found = pika.URLParameters(url)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{URL} is no address of a broker") from error
    if "heartbeat=" not in url:
        found.heartbeat = 20
    return found
