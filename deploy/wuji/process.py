"""Becomes one of our long-running processes: `python -m deploy.wuji.process intake --env-file .run/env/intake.env`.

Kept apart from the command line so that a process carries nothing that it does not use, and so that a service can
patch the standard library before anything else is imported.
"""

from __future__ import annotations

import os
import sys

SERVICES = ("intake", "dispatch", "grid", "survey", "notify")
PROCESSES = (*SERVICES, "relay", "projector", "courier", "timer")


def run_relay() -> int:
    """The publisher of what was stored."""
    from shared.relay.process import run

    run()
    return 0


def run_projector() -> int:
    """The keeper of all read tables."""
    from importlib import import_module

    from shared.projections.process import run

    run([found for name in SERVICES for found in import_module(f"services.{name}.projections").PROJECTIONS])
    return 0


def run_courier() -> int:
    """The bringer of events to departments."""
    from deploy.wuji.courier import parts
    from shared.config import Config
    from shared.courier.process import run

    config = Config.load("courier")
    run(lambda: parts(config), config)
    return 0


def run_timer() -> int:
    """Whoever says that time has run out."""
    from deploy.wuji.timer import run
    from shared.config import Config

    run(Config.load("timer"))
    return 0


def run_service(name: str) -> int:
    """A nameko service with its doors and reactions."""
    from shared.entrypoints.runner import run_service as run

    return run(name)


def main(arguments: list[str]) -> int:
    """Run the process that the first argument names; its exit code."""
    name = arguments[0]
    if "--env-file" in arguments:
        from deploy.local.environment_file import read

        os.environ.update(read(arguments[arguments.index("--env-file") + 1]))
    match name:
        case "relay":
            return run_relay()
        case "projector":
            return run_projector()
        case "courier":
            return run_courier()
        case "timer":
            return run_timer()
        case _:
            return run_service(name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
