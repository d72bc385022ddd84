"""The counters at /metrics, when `prometheus-client` is installed and a port is set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from wuji_events.metrics import Counters

_GAUGES = frozenset({"connected", "in_hand", "last_position", "lag_seconds"})


class Collector:
    """Gives the counters to a registry."""

    def __init__(self, counters: Counters, subscription: str) -> None:
        self._counters, self._subscription = counters, subscription

    def collect(self) -> Iterable[Any]:
        for name, value in asdict(self._counters).items():
            kind = GaugeMetricFamily if name in _GAUGES else CounterMetricFamily
            family = kind(f"wuji_events_{name}", name.replace("_", " "), labels=["subscription"])
            family.add_metric([self._subscription], value)
            yield family


def serve(counters: Counters, subscription: str, port: int) -> None:
    """Serve them at http://127.0.0.1:<port>/metrics."""
    registry = CollectorRegistry()
    registry.register(Collector(counters, subscription))
    start_http_server(port, addr="127.0.0.1", registry=registry)
