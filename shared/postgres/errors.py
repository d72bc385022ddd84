"""What a database error means to us: PostgreSQL's words turned into the platform's six."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import errors

from shared.kernel.errors import Conflict, Forbidden, Invalid, Unavailable, WujiError

# SQLSTATE classes after which nothing was changed and a later try may succeed: connection (08), resources (53),
# shutdown and cancellation (57), system (58), invalid authorization (28), no such database yet (3D).
_LATER = ("08", "53", "57", "58", "28", "3D")
_WRONG_INPUT = ("22", "23")


def meaning(error: psycopg2.Error) -> WujiError | None:
    """The platform's error for one of psycopg2; None when it is a bug of ours (an unknown column, for example)."""
    state = error.pgcode or ""
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, errors.SerializationFailure | errors.DeadlockDetected | errors.LockNotAvailable):
        return Conflict(f"somebody else was changing the same rows: {said}")
    if isinstance(error, errors.InsufficientPrivilege):
        return Forbidden(f"the database refuses this: {said}")
    if state.startswith(_LATER) or (not state and isinstance(error, psycopg2.OperationalError)):
        return Unavailable(f"the database cannot be used right now: {said}")
    if isinstance(error, psycopg2.InterfaceError):
        return Unavailable(f"the connection to the database is gone: {said}")
    if isinstance(error, errors.UndefinedTable):
        # The projector makes the read tables when it first runs.
        return Unavailable(f"the tables are not there yet, the projector makes them: {said}")
    if state.startswith(_WRONG_INPUT):
        return Invalid(f"the database refuses the values: {said}", where=error.diag.column_name)
    return None


def is_broken(error: psycopg2.Error) -> bool:
    """Whether the connection that raised it is of no further use."""
    state = error.pgcode or ""
    if isinstance(error, psycopg2.InterfaceError) or state.startswith(("08", "57P")):
        return True
    return not state and isinstance(error, psycopg2.OperationalError)


@contextmanager
def translated() -> Iterator[None]:
    """Raise the platform's errors instead of psycopg2's; what has no meaning to us passes as it is."""
    try:
        yield
    except psycopg2.Error as error:
        known = meaning(error)
        if known is None:
            raise
        raise known from error
