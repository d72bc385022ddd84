"""`wuji courier`: the courier as a process of its own, with its health and its way of stopping."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from types import FrameType

from shared.config import Config
from shared.courier.courier import Courier, Parts
from shared.telemetry import logs
from shared.telemetry.admin import Admin
from shared.telemetry.health import Check, Health

PARTS = ("database", "broker", "partners", "feed", "replays", "errands")


def run(make: Callable[[], Parts], config: Config) -> None:
    """Run until SIGTERM or SIGINT; windows on their way are finished."""
    logs.configure("courier", config.log)
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    courier = Courier(config.database_url, make)
    health = Health()
    for part in PARTS:
        health.register(part, _check(courier, part))
    admin = Admin(health, config.admin_port, str(config.need("WUJI_ADMIN_HOST")))

    def stop(_number: int, _frame: FrameType | None) -> None:
        health.stopping()
        courier.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        courier.run()
    finally:
        admin.close()


def _check(courier: Courier, part: str) -> Check:
    return lambda: courier.problems().get(part)
