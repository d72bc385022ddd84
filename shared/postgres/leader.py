"""One of many: whoever holds an advisory lock leads, and loses the place with the session."""

from __future__ import annotations

from shared.postgres.connection import connect
from shared.postgres.errors import translated

_SETTINGS = (
    "SET statement_timeout = '10s'",
    "SET tcp_keepalives_idle = 2",
    "SET tcp_keepalives_interval = 1",
    "SET tcp_keepalives_count = 2",
)
_LEADS = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()
      AND classid = 0 AND objid = %s AND objsubid = 1
"""


class Leader:
    """A session that competes for a lock. Every method raises Unavailable when the database cannot be used."""

    def __init__(self, url: str, lock: int, *, application: str, silence: float = 6.0) -> None:
        """`silence` is how many seconds the session may say nothing before the server ends it."""
        self._lock = lock
        self._connection = connect(url, application=application)
        with translated(), self._connection.cursor() as cursor:
            for statement in (*_SETTINGS, f"SET idle_session_timeout = '{int(silence * 1000)}ms'"):
                cursor.execute(statement)

    def try_to_lead(self) -> bool:
        """Take the lock unless another session has it."""
        return self._is_true("SELECT pg_try_advisory_lock(%s)")

    def leads(self) -> bool:
        """Whether this session holds the lock: also a sign of life to the server."""
        return self._is_true(_LEADS)

    def close(self) -> None:
        """End the session; the lock goes with it."""
        self._connection.close()

    def _is_true(self, statement: str) -> bool:
        with translated(), self._connection.cursor() as cursor:
            cursor.execute(statement, (self._lock,))
            return bool(cursor.fetchone()[0])
