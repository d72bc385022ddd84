"""The peer of the report door: a stock nameko service whose only door returns 201 and does nothing at all.

Run: python -m tests.benchmarks.bare_door PORT
"""

from __future__ import annotations

import eventlet

if __name__ == "__main__":
    eventlet.monkey_patch()

import sys
from typing import Any

from nameko.containers import ServiceContainer
from nameko.web.handlers import http


class BareService:
    """Nothing but the framework."""

    name = "bare"

    @http("POST", "/reports")
    def submit(self, _request: Any) -> tuple[int, str]:
        return 201, '{"report_id": "01a1ffec-51f7-7465-b716-ce5ad2a31327"}'


if __name__ == "__main__":
    container = ServiceContainer(BareService, {"WEB_SERVER_ADDRESS": f"127.0.0.1:{sys.argv[1]}", "max_workers": 64})
    container.start()
    container.wait()
