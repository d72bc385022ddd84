"""What a service's methods are given: the log, the service's tables, the configuration.

Nothing connects before it is used, and a database that is down makes Unavailable, never a dead service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nameko.extensions import DependencyProvider

from shared.config import Config

LAST_TRY = "wuji_last_try"
"""Worker context: whether a message that cannot be handled this time will be parked."""

if TYPE_CHECKING:
    from shared.ports import EventLog, Rows

    # What a method finds behind the attribute: nameko swaps the provider for it at run time.
    def Log() -> EventLog: ...  # noqa: N802
    def Tables() -> Rows: ...  # noqa: N802
    def Settings() -> Config: ...  # noqa: N802
    def IsLastTry() -> bool: ...  # noqa: N802

else:

    class Log(DependencyProvider):
        """The event log, as `shared.ports.EventLog`."""

        def setup(self) -> None:
            self._log = _given(self.container, "wuji.event_log") or _postgres_log(self.container)

        def get_dependency(self, _worker: Any) -> Any:
            return self._log

        def stop(self) -> None:
            _close(self._log)

    class Tables(DependencyProvider):
        """The service's own tables, as `shared.ports.Rows`."""

        def setup(self) -> None:
            self._rows = rows_of(self.container)

        def get_dependency(self, _worker: Any) -> Any:
            return self._rows

        def stop(self) -> None:
            _close(self._rows)

    class Settings(DependencyProvider):
        """The configuration of this process."""

        def get_dependency(self, _worker: Any) -> Config:
            return self.container.config["wuji"]

    class IsLastTry(DependencyProvider):
        """Whether the retry ladder ends here: what raises Unavailable now is parked, and nobody tries again."""

        def get_dependency(self, worker_ctx: Any) -> bool:
            return bool(worker_ctx.data.get(LAST_TRY, False))


def rows_of(container: Any) -> Any:
    """The service's own tables, for a provider that reads them without being asked."""
    return _given(container, "wuji.rows") or _postgres_rows(container)


def _given(container: Any, name: str) -> Any:
    return container.config.get(name)


def _postgres_log(container: Any) -> Any:
    from shared.entrypoints.counted import CountedLog
    from shared.postgres.log import PostgresLog  # only a running service needs the database driver

    return CountedLog(PostgresLog(_pool(container), green=True))


def _postgres_rows(container: Any) -> Any:
    from shared.postgres.rows import PostgresRows  # only a running service needs the database driver

    return PostgresRows(_pool(container), green=True)


def _pool(container: Any) -> Any:
    """One pool for the log and the tables of a service."""
    from shared.postgres.connection import Pool  # only a running service needs the database driver

    found = container.config.get("wuji.pool")
    if found is None:
        url, name = container.config["wuji"].database_url, f"wuji {container.service_name}"
        found = container.config["wuji.pool"] = Pool(url, green=True, application=name)
    return found


def _close(what: Any) -> None:
    close = getattr(what, "close", None)
    if close is not None:
        close()
