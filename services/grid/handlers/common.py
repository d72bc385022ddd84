"""What grid's handlers share: the names of streams, and what they load before they decide."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.grid.domain import areas
from shared.handling import Cause, fold
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog


def area_stream(area: Area) -> str:
    return f"area-{area.path}"


def grid_stream(code: str) -> str:
    return f"grid-{code}"


def check_stream(check_id: UUID) -> str:
    return f"check-{check_id}"


def appointment_stream(appointment_id: UUID) -> str:
    return f"appointment-{appointment_id}"


def duty_stream(post_id: UUID) -> str:
    return f"duty-{post_id}"


def emergency_stream(area: Area) -> str:
    return f"emergency-{area.path}"


def visit_stream(visit_id: UUID) -> str:
    return f"visit-{visit_id}"


def place(log: EventLog, area: Area) -> areas.Place | None:
    """The area as it is known; None when there is none."""
    return fold(log.stream(area_stream(area)), areas.evolve)


def area_of(log: EventLog, stream: str) -> Area:
    """Where the thing lies. Raises NotFound."""
    history = log.stream(stream)
    if not history:
        raise NotFound(str(Wording(f"没有 {stream}", f"there is no {stream}")))
    return history[-1].area


def earlier(log: EventLog, cause: Cause) -> Appended | None:
    """The first result of a key that was used before."""
    return None if cause.idempotency_key is None else log.seen(cause.idempotency_key, cause.request_hash)


def part(cause: Cause, name: str) -> Cause:
    """The cause of one of several appends that one request makes: each has a key of its own."""
    key = cause.idempotency_key
    return cause if key is None else replace(cause, idempotency_key=f"{key}:{name}")
