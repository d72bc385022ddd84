"""`wuji relay`: the relay as a process of its own, with its health and its way of stopping."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from types import FrameType

from shared.config import Config
from shared.relay.relay import Relay
from shared.telemetry import logs
from shared.telemetry.admin import Admin
from shared.telemetry.health import Check, Health

PARTS = ("database", "broker", "topology", "feed")


def run(config: Config | None = None) -> None:
    """Run until SIGTERM or SIGINT, by the given configuration or the environment's; a window on its way is finished."""
    found = config or Config.load("relay")
    logs.configure("relay", found.log)
    # pika writes seven lines about every attempt to reach a broker that is away; the relay says it once.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    relay = Relay(found.database_url, found.amqp_url)
    health = Health()
    for part in PARTS:
        health.register(part, _check(relay, part))
    admin = Admin(health, found.admin_port, str(found.need("WUJI_ADMIN_HOST")))
    stop = _stopper(relay, health)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        relay.run()
    finally:
        admin.close()


def _check(relay: Relay, part: str) -> Check:
    return lambda: relay.problems().get(part)


def _stopper(relay: Relay, health: Health) -> Callable[[int, FrameType | None], None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        health.stopping()
        relay.stop()

    return stop
