"""What a service needs to be ready: its database with every migration, its broker and its queues."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from shared.entrypoints.bus import Bus
from shared.telemetry.health import Health


def register(health: Health, container: Any) -> None:
    """Register the checks that fit the service; one that uses neither database nor broker is ready when it runs."""
    pool = container.config.get("wuji.pool")
    if pool is not None:
        names = _migrations_of(container.service_cls)
        health.register("database", lambda: _database(pool), patience=3.0)
        health.register("migrations", lambda: _missing(pool, container.service_name, names), patience=3.0)
    for extension in container.subextensions:
        if isinstance(extension, Bus) and extension.is_needed:
            health.register("broker", _trouble_of(extension))


def _trouble_of(bus: Bus) -> Any:
    return lambda: bus.trouble


def _database(pool: Any) -> None:
    pool.read("SELECT 1")


def _migrations_of(service: type) -> frozenset[str]:
    """The service's own migrations by name, as they lie beside its code."""
    folder = Path(inspect.getfile(service)).parent / "migrations"
    return frozenset(path.stem for path in folder.glob("[0-9]*.sql") if not path.stem.endswith(".rollback"))


def _missing(pool: Any, service: str, names: frozenset[str]) -> str | None:
    ((has_log,),) = pool.read("SELECT to_regclass('es.events') IS NOT NULL")
    if not has_log:
        return "the log's schema is missing: run wuji migrate"
    if not names:
        return None
    ((has_record,),) = pool.read("SELECT to_regclass(%s) IS NOT NULL", (f"{service}._yoyo_migration",))
    applied = (
        {name for (name,) in pool.read(f"SELECT migration_id FROM {service}._yoyo_migration")} if has_record else set()
    )
    missing = sorted(names - applied)
    return f"not yet applied: {', '.join(missing)}; run wuji migrate" if missing else None
