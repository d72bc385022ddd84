"""Whether this process can do its work, and if not, what is missing and since when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.kernel.clock import utc_now
from shared.kernel.masking import mask
from shared.telemetry.metrics import DEPENDENCY_UP, READY

Check = Callable[[], str | None]
"""Answers None when all is well, else what is wrong; raising says the same."""
_FRESH_SECONDS = 1.0


@dataclass(slots=True)
class _Dependency:
    check: Check
    patience: float
    trouble: str | None = "not looked at yet"
    since: datetime | None = None
    looked_at: float = 0.0
    running: threading.Thread | None = None


class Health:
    """The dependencies of one process. Checks run beside the asker, each bounded in time and one at a time."""

    def __init__(self) -> None:
        self._dependencies: dict[str, _Dependency] = {}
        self._phase: str | None = None
        self._since: datetime | None = None

    def starting(self) -> None:
        """The process is not there yet: not ready, whatever the dependencies say."""
        self._phase, self._since = "starting", utc_now()

    def started(self) -> None:
        """From now on only the dependencies decide."""
        self._phase = None

    def register(self, name: str, check: Check, *, patience: float = 2.0) -> None:
        """Look at this dependency too; a check that takes longer than `patience` seconds counts as failed."""
        self._dependencies[name] = _Dependency(check, patience, since=utc_now())

    def stopping(self) -> None:
        """The process is on its way out: not ready, whatever the dependencies say."""
        self._phase, self._since = "stopping", utc_now()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._dependencies)

    def report(self) -> tuple[bool, dict[str, Any]]:
        """(ready, a document naming each dependency, what is wrong with it, and since when)."""
        for dependency in self._dependencies.values():
            self._start(dependency)
        found: dict[str, Any] = {}
        for name, dependency in self._dependencies.items():
            self._finish(dependency)
            found[name] = _described(dependency)
            DEPENDENCY_UP.labels(name).set(0 if dependency.trouble else 1)
        ready = self._phase is None and not any(entry.trouble for entry in self._dependencies.values())
        READY.set(1 if ready else 0)
        document: dict[str, Any] = {"ready": ready, "dependencies": found}
        if self._phase is not None and self._since is not None:
            document |= {"phase": self._phase, "since": self._since.isoformat(timespec="seconds")}
        return ready, document

    def _start(self, dependency: _Dependency) -> None:
        if dependency.running is not None and dependency.running.is_alive():
            return
        if time.monotonic() - dependency.looked_at < _FRESH_SECONDS:
            return
        dependency.running = threading.Thread(target=_look, args=(dependency,), daemon=True)
        dependency.running.start()

    @staticmethod
    def _finish(dependency: _Dependency) -> None:
        if dependency.running is None:
            return
        dependency.running.join(dependency.patience)
        if dependency.running.is_alive():
            _found(dependency, f"no answer within {dependency.patience:g} s")


def _look(dependency: _Dependency) -> None:
    try:
        trouble = dependency.check()
    except Exception as error:  # noqa: BLE001  # whatever a check raises is its finding
        trouble = f"{type(error).__name__}: {error}".strip()
    _found(dependency, trouble)


def _found(dependency: _Dependency, trouble: str | None) -> None:
    if (trouble is None) != (dependency.trouble is None):
        dependency.since = utc_now()
    dependency.trouble = None if trouble is None else mask(trouble)[:500]
    dependency.looked_at = time.monotonic()


def _described(dependency: _Dependency) -> dict[str, Any]:
    since = dependency.since.isoformat(timespec="seconds") if dependency.since else None
    if dependency.trouble is None:
        return {"ready": True, "since": since}
    return {"ready": False, "since": since, "trouble": dependency.trouble}
