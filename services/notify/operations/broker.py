"""The queues of the platform, as the broker counts them: notify may look at the counts, and at no message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.config import Config
from shared.kernel.errors import Unavailable
from shared.rabbitmq.management import Management
from shared.rabbitmq.names import parked_queue

_PARKED = parked_queue("")
_MANY = 1000


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue with what is parked of it."""

    name: str
    ready: int
    unacked: int
    consumers: int
    parked: int
    is_pause: bool
    """Of the ladder of retries: what waits in it is tried again by itself."""

    @property
    def state(self) -> str:
        """`parked`, `nobody` (messages and no consumer), `many`, `retried`, or `well`."""
        if self.parked:
            return "parked"
        if self.is_pause:
            return "retried" if self.ready else "well"
        if not self.consumers:
            return "nobody"
        return "many" if self.ready > _MANY else "well"

    @property
    def light(self) -> str:
        return {"parked": "bad", "nobody": "bad", "many": "warn", "retried": "warn"}.get(self.state, "good")


def queues(config: Config) -> list[Queue]:
    """Every queue of the city's virtual host. Raises Unavailable, Forbidden, Invalid."""
    if not config.get("RABBITMQ_MANAGEMENT_URL"):
        raise Unavailable("RABBITMQ_MANAGEMENT_URL is not set")
    vhost = unquote(urlsplit(config.amqp_url).path[1:]) or "/"
    return arranged(Management(config.management_url).queues(vhost))


def arranged(found: Iterable[Mapping[str, Any]]) -> list[Queue]:
    """Each queue beside its parked one; what needs somebody comes first."""
    counts = {str(one["name"]): one for one in found}
    made = [
        Queue(
            name,
            int(one.get("messages_ready", 0)),
            int(one.get("messages_unacknowledged", 0)),
            int(one.get("consumers", 0)),
            _all_of(counts.get(parked_queue(name), {})),
            name.startswith("retry."),
        )
        for name, one in counts.items()
        if not name.endswith(_PARKED)
    ]
    order = ("bad", "warn", "good")
    return sorted(made, key=lambda one: (order.index(one.light), one.is_pause, one.name))


def _all_of(one: Mapping[str, Any]) -> int:
    return int(one.get("messages_ready", 0)) + int(one.get("messages_unacknowledged", 0))
