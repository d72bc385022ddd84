"""What a subscriber did, as numbers; for Prometheus when `prometheus-client` is installed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Counters:
    """Since the program started."""

    received: int = 0
    handled: int = 0
    retried: int = 0
    parked: int = 0
    unknown: int = 0
    """Events that no handler wanted."""
    connections: int = 0
    """More than one: the connection was lost and made again."""
    connected: int = 0
    """1 while there is a connection."""
    in_hand: int = 0
    """Taken from the queue, not yet acknowledged."""
    last_position: int = 0
    lag_seconds: float = 0.0
    """Age of the last event when it was handled."""

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


_GAUGES = frozenset({"connected", "in_hand", "last_position", "lag_seconds"})


class Collector:
    """Gives the counters to prometheus-client's registry."""

    def __init__(self, counters: Counters, subscription: str) -> None:
        self._counters = counters
        self._subscription = subscription

    def collect(self) -> Iterable[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for name, value in self._counters.as_dict().items():
            kind = GaugeMetricFamily if name in _GAUGES else CounterMetricFamily
            family = kind(f"wuji_events_{name}", name.replace("_", " "), labels=["subscription"])
            family.add_metric([self._subscription], value)
            yield family


def serve(counters: Counters, subscription: str, port: int) -> None:
    """Serve them at http://127.0.0.1:<port>/metrics. Raises ImportError without prometheus-client."""
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry()
    registry.register(Collector(counters, subscription))
    start_http_server(port, addr="127.0.0.1", registry=registry)
