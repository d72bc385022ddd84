"""Everything at once, for the page of operations. A part that could not be asked says so: silence is not health."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from services.notify.operations import broker, log, processes
from services.notify.operations.broker import Queue
from services.notify.operations.log import Calendar
from services.notify.operations.processes import Process, Projected
from services.notify.operations.standing import Standing, standings
from shared.config import Config
from shared.kernel.errors import WujiError
from shared.ports import Rows

T = TypeVar("T")
_log = logging.getLogger(__name__)
RELAY_LATE = 60
"""Seconds that an event may wait to be published before somebody should look."""


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What one source said, or why it said nothing."""

    found: T | None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """The platform at `at`."""

    at: datetime
    processes: Part[list[Process]]
    queues: Part[list[Queue]]
    projections: Part[list[Projected]]
    rebuilds: Part[list[dict[str, Any]]]
    relay: Part[dict[str, Any]]
    subscriptions: Part[list[Standing]]
    deliveries: Part[dict[str, Any]]
    calendar: Part[Calendar]

    @property
    def parked(self) -> list[Queue]:
        return [one for one in self.queues.found or () if one.parked]

    @property
    def unknown(self) -> dict[str, str]:
        """Part → why it could not be asked."""
        parts = {name: getattr(self, name) for name in self.__slots__ if name != "at"}
        return {name: part.trouble for name, part in parts.items() if part.trouble is not None}

    @property
    def lights(self) -> dict[str, str]:
        """Part → its light."""
        relay, calendar = self.relay.found, self.calendar.found
        late = relay is not None and relay["oldest_seconds"] > RELAY_LATE
        found = {
            "processes": _worst("good" if one.state == "ready" else "bad" for one in self.processes.found or ()),
            "queues": _worst(one.light for one in self.queues.found or ()),
            "projections": _worst(one.light for one in self.projections.found or ()),
            "relay": "bad" if late else "good",
            "subscriptions": _worst(one.light for one in self.subscriptions.found or ()),
            "calendar": calendar.light if calendar else "good",
        }
        return {**found, **dict.fromkeys(self.unknown, "bad")}

    @property
    def light(self) -> str:
        return _worst(self.lights.values())


def overview(rows: Rows, config: Config, at: datetime) -> Overview:
    """Ask everything. Raises nothing because something is down: that it is down is the answer."""

    def urls() -> dict[str, str]:
        return processes.addresses(str(config.need("WUJI_ADMIN_URLS")))

    return Overview(
        at=at,
        processes=_asked(lambda: processes.processes(urls())),
        queues=_asked(lambda: broker.queues(config)),
        projections=_asked(lambda: processes.projected(urls())),
        rebuilds=_asked(lambda: log.rebuilds(rows)),
        relay=_asked(lambda: log.relay(rows)),
        subscriptions=_asked(lambda: standings(rows)),
        deliveries=_asked(lambda: log.deliveries(rows)),
        calendar=_asked(lambda: log.calendar(rows, at)),
    )


def _asked(ask: Callable[[], T]) -> Part[T]:
    try:
        return Part(ask())
    except WujiError as error:
        return Part(None, str(error)[:300])
    except Exception as error:  # noqa: BLE001  # however one part fails, the others are shown
        _log.warning("a part of the page of operations could not be asked", exc_info=True)
        return Part(None, (str(error).strip().splitlines() or [type(error).__name__])[0][:300])


def _worst(lights: Any) -> str:
    found = set(lights)
    return next((light for light in ("bad", "warn") if light in found), "good")
