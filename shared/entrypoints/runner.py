"""A service as a process: `run_service("intake")` patches, configures, serves, and stops in good order.

Exit codes: 0 stopped as asked; 1 ended by an error; 2 the configuration is wrong; 3 something it needs at start
(a port) cannot be had; 4 running work did not finish in time.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from shared.config import Config
from shared.kernel.errors import Invalid, WujiError
from shared.pages.environment import show_demo_banner, show_map_approval
from shared.pages.page import read_all

SERVICES = ("intake", "dispatch", "grid", "survey", "notify")
STOPPED, FAILED, MISCONFIGURED, CANNOT_START, UNFINISHED = 0, 1, 2, 3, 4


def run_service(name: str) -> int:
    """Run a service of `services/` until SIGTERM or SIGINT; the process's exit code."""
    if name not in SERVICES:
        return _complain(Invalid(f"there is no service {name!r}", hint=f"one of {', '.join(SERVICES)}"), MISCONFIGURED)
    _patch()
    return run(lambda: _service_class(name), name)


def run(service: Any, name: str, **extra: Any) -> int:
    """Run the service class that `service()` answers; `extra` is added to nameko's configuration.

    For a process that is patched already; tests use it with services of their own.
    """
    from shared.telemetry import logs

    try:
        config = Config.load(name)
        logs.configure(name, config.log)
        show_demo_banner(bool(config.get("WUJI_DEMO")))
        show_map_approval(config.get("WUJI_MAP_APPROVAL") or "")
        found = service()
    except Invalid as error:
        return _complain(error, MISCONFIGURED)
    _raise_file_limit()
    _quiet_hub()
    process = _Process(found, config, extra)
    try:
        process.start()
    except Invalid as error:
        return _complain(error, MISCONFIGURED)
    except (WujiError, OSError) as error:
        return _complain(error, CANNOT_START)
    return process.wait()


def _read_templates() -> None:
    """Requests go first: each template is a few milliseconds, and somebody may be waiting already."""
    import eventlet

    from shared.telemetry.logs import logger

    try:
        read_all(lambda: eventlet.sleep(0.01))
    except (WujiError, OSError) as error:
        # Pages that cannot be shown say so themselves; programs need none.
        logger("pages").warning("templates_not_read", error=str(error))


class _Process:
    """One service, its admin port and its signals."""

    def __init__(self, service: type, config: Config, extra: dict[str, Any]) -> None:
        from eventlet import patcher
        from nameko.containers import ServiceContainer

        from shared.telemetry.health import Health
        from shared.telemetry.logs import logger

        self._config = config
        self._log = logger(config.process)
        self._health = Health()
        self._health.starting()
        self._hear, self._tell = os.pipe()
        self._write = patcher.original("os").write
        host = config.get("WUJI_HTTP_HOST")
        # Doors and reactions each bound themselves; the pool is large enough that spawning never waits.
        workers = config.count("WUJI_HTTP_WORKERS") + config.count("WUJI_REACTION_WORKERS")
        self._container = ServiceContainer(
            service,
            {
                "wuji": config,
                "WEB_SERVER_ADDRESS": f"{host}:{config.http_port}",
                "max_workers": workers,
                **extra,
            },
        )

    def start(self) -> None:
        from shared.entrypoints.dependencies import register
        from shared.telemetry.admin import Admin
        from shared.telemetry.metrics import BUILD_INFO

        BUILD_INFO.labels(self._config.process, _version()).set(1)
        self._admin = Admin(self._health, self._config.admin_port, str(self._config.get("WUJI_ADMIN_HOST")))
        self._container.start()
        register(self._health, self._container)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._health.started()
        self._container.spawn_managed_thread(_read_templates, identifier="templates")
        self._log.info("process", outcome="started", http=self._config.http_port, admin=self._admin.port)

    def _on_signal(self, number: int, _frame: Any) -> None:
        # Nothing may block inside a signal handler; the byte wakes a green thread that may.
        self._write(self._tell, bytes([number]))

    def wait(self) -> int:
        import eventlet

        stopper = eventlet.spawn(self._stop_when_told)
        try:
            self._container.wait()
        except Exception:  # noqa: BLE001  # the end of the process says why
            self._log.error("process", outcome="failed", exc_info=True)
            return FAILED
        code: int = stopper.wait()
        self._admin.close()
        self._log.info("process", outcome="stopped" if code == STOPPED else "unfinished", code=code)
        return code

    def _stop_when_told(self) -> int:
        import eventlet
        from eventlet import hubs

        hubs.trampoline(self._hear, read=True)
        number = os.read(self._hear, 1)[0]
        self._health.stopping()
        self._log.info("process", outcome="stopping", signal=signal.Signals(number).name)
        patience = self._config.count("WUJI_DRAIN_SECONDS") + 5
        try:
            with eventlet.Timeout(patience):
                self._container.stop()
        except eventlet.Timeout:
            self._container.kill()
            return UNFINISHED
        return STOPPED


def _patch() -> None:
    """Make this process green; nothing that opens sockets may have been used before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import eventlet

    eventlet.monkey_patch()


def _quiet_hub() -> None:
    """Errors of green threads reach whoever waits for them; eventlet need not print them as well."""
    from eventlet import debug

    debug.hub_exceptions(False)


def _service_class(name: str) -> type:
    module = importlib.import_module(f"services.{name}.service")
    for found in vars(module).values():
        if isinstance(found, type) and getattr(found, "name", None) == name and found.__module__ == module.__name__:
            return found
    raise Invalid(f"services/{name}/service.py defines no service called {name}")


def _raise_file_limit() -> None:
    """Every connection is a file; the soft limit of 1024 is meant for programs that use select()."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _complain(error: Exception, code: int) -> int:
    print(f"错误 error: {error}", file=sys.stderr)
    if isinstance(error, WujiError) and error.hint:
        print(f"提示 hint: {error.hint}", file=sys.stderr)
    return code


def _version() -> str:
    try:
        return version("wuji")
    except PackageNotFoundError:
        return "0"
