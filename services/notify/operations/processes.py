"""Every process's own word about itself: its admin port, at the addresses of WUJI_ADMIN_URLS."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from prometheus_client.parser import text_string_to_metric_families

from shared.kernel.errors import Invalid, Unavailable
from shared.kernel.masking import mask

PROJECTOR = "projector"
_PATIENCE = (1.0, 3.0)
_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Process:
    """One process."""

    name: str
    state: str
    """`ready`, `not_ready`, or `silent`: nobody answers at its address."""
    seconds: float | None
    """How long it has been up."""
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Projected:
    """One projection, as the projector tells it."""

    name: str
    position: int
    lag_events: int
    lag_seconds: float
    """How stale its rows are."""
    poisoned: int
    """Events that it could not take, since the projector was started."""

    @property
    def light(self) -> str:
        if self.poisoned or self.lag_seconds > 60:
            return "bad"
        return "warn" if self.lag_seconds > 5 else "good"


def addresses(text: str) -> dict[str, str]:
    """`intake=http://127.0.0.1:9101,relay=…` by name. Raises Invalid."""
    found: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, url = part.partition("=")
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise Invalid(f"{part[:80]!r} is no <process>=<address>", where="WUJI_ADMIN_URLS")
        found[name.strip()] = url.strip().rstrip("/")
    return found


def processes(urls: dict[str, str]) -> list[Process]:
    """All of them, asked at the same time."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return list(pool.map(lambda pair: _process(*pair), urls.items()))


def _process(name: str, url: str) -> Process:
    try:
        alive, ready = _get(f"{url}/livez").json(), _get(f"{url}/readyz").json()
        troubles = tuple(
            f"{dependency}: {mask(str(one.get('trouble')))}"
            for dependency, one in ready["dependencies"].items()
            if not one["ready"]
        )
        troubles = (*((ready["phase"],) if "phase" in ready else ()), *troubles)
        return Process(name, "ready" if ready["ready"] else "not_ready", float(alive["uptime_seconds"]), troubles)
    except (Unavailable, ValueError, KeyError) as error:
        return Process(name, "silent", None, (str(error)[:200],))


def projected(urls: dict[str, str]) -> list[Projected]:
    """Every projection. Raises Unavailable while the projector does not answer: nobody else knows where they stand."""
    if PROJECTOR not in urls:
        raise Unavailable("WUJI_ADMIN_URLS does not name the projector")
    found: dict[str, dict[str, float]] = {}
    # Reading all that a process counts takes longer than the rest of the page.
    told = [line for line in _get(f"{urls[PROJECTOR]}/metrics").text.splitlines() if _PROJECTIONS in line]
    for family in text_string_to_metric_families("\n".join(told) + "\n"):
        for sample in family.samples:
            figure = _FIGURES.get(sample.name)
            if figure is not None:
                found.setdefault(sample.labels["projection"], {})[figure] = sample.value
    return [_projected(name, values) for name, values in sorted(found.items())]


_PROJECTIONS = "wuji_projection_"
_FIGURES = {
    "wuji_projection_position": "position",
    "wuji_projection_lag_events": "events",
    "wuji_projection_lag_seconds": "seconds",
    "wuji_projection_poisoned_total": "poisoned",
}


def _projected(name: str, values: dict[str, Any]) -> Projected:
    return Projected(
        name,
        int(values.get("position", 0)),
        int(values.get("events", 0)),
        round(float(values.get("seconds", 0.0)), 1),
        int(values.get("poisoned", 0)),
    )


def _get(url: str) -> requests.Response:
    """Also an answer of 503: a process that is not ready says why. Raises Unavailable."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy stands between a process and its neighbours
            return session.get(url, timeout=_PATIENCE)
    except requests.RequestException as error:
        raise Unavailable(f"{urlsplit(url).netloc} does not answer ({type(error).__name__})") from error
