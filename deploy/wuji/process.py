"""Becomes one of our long-running processes: `python -m deploy.wuji.process intake --env-file .run/env/intake.env`.

Kept apart from the command line so that a process carries nothing that it does not use, and so that eventlet can
patch the standard library before anything else is imported.
"""

from __future__ import annotations

import os
import sys

SERVICES = ("intake", "dispatch", "grid", "survey", "notify")
PROCESSES = (*SERVICES, "relay", "projector")


def read_environment(path: str) -> None:
    """Put the file's variables into our environment; the file wins."""
    from deploy.local.environment_file import read  # after the patch

    os.environ.update(read(path))


def run_service(name: str) -> None:
    """A nameko service with its doors and reactions."""
    from shared.entrypoints.runner import run_service as run

    from deploy.local.preparation import service_class

    run(service_class(name))


def run_relay() -> None:
    """The publisher of what was stored."""
    from shared.relay.process import run

    run()


def run_projector() -> None:
    """The keeper of all read tables."""
    from importlib import import_module

    from shared.projections.process import run

    run([found for name in SERVICES for found in import_module(f"services.{name}.projections").PROJECTIONS])


def main(arguments: list[str]) -> int:
    """Run the process that the first argument names."""
    name = arguments[0]
    if name in SERVICES:
        import eventlet

        eventlet.monkey_patch()
    if "--env-file" in arguments:
        read_environment(arguments[arguments.index("--env-file") + 1])
    match name:
        case "relay":
            run_relay()
        case "projector":
            run_projector()
        case _:
            run_service(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
