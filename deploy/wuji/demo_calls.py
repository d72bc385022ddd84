"""Calls of the demonstration at the platform's one HTTP address: keyed, so that running it again doubles nothing.

Much of what the script waits for is done by reactions behind the bus. It simply asks until the answer is no longer
"not yet": a call that changes something carries an Idempotency-Key, so asking twice is safe.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import requests

from shared.kernel.errors import Unavailable

PATIENCE = 60.0
"""Seconds that one step may take, its reactions included."""


class Tokens(Protocol):
    """Makes a bearer token for a role: always of the same account, since keys count per account."""

    def __call__(self, role: str, department: str | None = None) -> str:
        """The token of somebody with that role, of that department."""


class Calls:
    """One party's calls. Safe to share between threads."""

    def __init__(self, base_url: str, tokens: Tokens, patience: float = PATIENCE) -> None:
        self._base = base_url.rstrip("/")
        self._tokens = tokens
        self._patience = patience
        self._kept: dict[tuple[str, str | None], str] = {}

    def post(
        self, path: str, body: dict[str, Any], key: str, role: str | None = None, department: str | None = None
    ) -> dict[str, Any]:
        """POST until it is done. Raises Unavailable with the last answer when it never is."""
        return self._until_done("POST", path, body, {"Idempotency-Key": f"demo:{key}"}, role, department)

    def get(self, path: str, role: str) -> dict[str, Any]:
        """GET until it is there."""
        return self._until_done("GET", path, None, {}, role, None)

    def wait(self, path: str, role: str, enough: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """GET until the answer is enough."""
        deadline = time.monotonic() + self._patience
        while True:
            found = self.get(path, role)
            if enough(found):
                return found
            if time.monotonic() > deadline:
                raise Unavailable(f"GET {path}: nothing came within {self._patience:.0f} s")
            time.sleep(0.25)

    def _until_done(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        headers: dict[str, str],
        role: str | None,
        department: str | None,
    ) -> dict[str, Any]:
        if role is not None:
            headers = headers | {"Authorization": f"Bearer {self._token(role, department)}"}
        deadline = time.monotonic() + self._patience
        pause = 0.05
        while True:
            last = self._once(method, path, body, headers)
            if isinstance(last, dict):
                return last
            if time.monotonic() > deadline:
                raise Unavailable(f"{method} {path} was not done within {self._patience:.0f} s: {last}")
            time.sleep(pause)
            pause = min(1.0, pause * 1.5)

    def _once(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> dict[str, Any] | str:
        """The answer, or why there is none yet. Raises Unavailable for an answer that waiting does not change."""
        try:
            answer = requests.request(method, self._base + path, json=body, headers=headers, timeout=30)
        except requests.RequestException as error:
            return str(error)
        if answer.ok:
            return dict(answer.json())
        said = f"{answer.status_code} {answer.text[:300]}"
        if not _may_change(answer):
            raise Unavailable(f"{method} {path} was refused: {said}")
        return said

    def _token(self, role: str, department: str | None) -> str:
        who = (role, department)
        if who not in self._kept:
            self._kept[who] = self._tokens(role, department)
        return self._kept[who]


def _may_change(answer: requests.Response) -> bool:
    """Not there yet, not so far yet, or somebody is restarting. A place the desk does not know may be on its way."""
    if answer.status_code in (404, 409, 429, 502, 503, 504):
        return True
    return answer.status_code == 400 and any(f"there is no {what}" in answer.text for what in ("area", "issue type"))
