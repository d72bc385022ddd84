"""`wuji relay`: the relay as a process of its own, with its health and its way of stopping."""

from __future__ import annotations

import signal
from types import FrameType

from shared.config import Config
from shared.relay.relay import Relay
from shared.telemetry import logs


def run(config: Config | None = None) -> None:
    """Run until SIGTERM or SIGINT, by the given configuration or the environment's; a window on its way is finished."""
    found = config or Config.load("relay")
    logs.configure("relay", found.log)
    relay = Relay(found.database_url, found.amqp_url)

    def stop(_number: int, _frame: FrameType | None) -> None:
        relay.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    relay.run()
