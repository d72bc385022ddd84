"""The platform's own HTTP address, for what a queue cannot do: test events, replays, parked messages, standing."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from wuji_events import settings


class PlatformError(Exception):
    """It does not answer, or it refuses; the message says why."""


class Platform:
    """One subscription's resources, with one bearer token."""

    def __init__(self, api: str, subscription: str, token: str) -> None:
        self.base = f"{api.rstrip('/')}/api/v1/subscriptions/{quote(subscription)}"
        self._token = token

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Platform:
        """Raises SettingsError naming what is missing."""
        return cls(
            *(settings.need(name, environment) for name in (settings.API, settings.SUBSCRIPTION, settings.TOKEN))
        )

    def get(self, path: str = "", **query: Any) -> Any:
        """GET below the subscription. Raises PlatformError."""
        return self._call("GET", path + (f"?{urlencode(query)}" if query else ""), None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST below the subscription. Raises PlatformError."""
        return self._call("POST", path, {name: value for name, value in body.items() if value is not None})

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise PlatformError(f"{error.code}: {_problem(error.read(20_000))}") from error
        except (OSError, ValueError) as error:
            raise PlatformError(f"{self.base}: {error}") from error


def _problem(body: bytes) -> str:
    """What a problem document says."""
    try:
        found = json.loads(body)
        return " · ".join(str(found[name]) for name in ("title", "detail", "hint") if found.get(name))
    except (ValueError, AttributeError):
        return body.decode(errors="replace")[:300]
