"""All subscriptions as they are now: folded from their streams, and read again only where something was added."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.notify.subscriptions.domain import State, Subscription, evolve, stream_of
from services.notify.subscriptions.secrets import Secrets
from services.notify.subscriptions.selection import select
from shared.contracts import codec
from shared.contracts.message import Message, Stored
from shared.contracts.subscription import DeliveryKind
from shared.courier.ports import Route
from shared.ports import Rows

_VERSIONS = "SELECT stream, version FROM es.streams WHERE stream >= 'subscription-' AND stream < 'subscription.'"
_EVENTS = """
SELECT stream, type, schema_version, data FROM es.events WHERE stream = ANY (%s) ORDER BY stream, version
"""


class Directory:
    """Remembers what it has read. Used by one thread."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._known: dict[str, tuple[int, Subscription]] = {}

    def revision(self, subscription: Subscription) -> int:
        """How many events its stream had when it was read."""
        return self._version(stream_of(subscription.name))

    def all(self) -> list[Subscription]:
        """Every subscription that there ever was, in order of name. Raises Unavailable."""
        versions = {row["stream"]: row["version"] for row in self._rows.query(_VERSIONS)}
        behind = [stream for stream, version in versions.items() if self._version(stream) != version]
        if behind:
            self._read(behind, versions)
        return sorted((subscription for _, subscription in self._known.values()), key=lambda one: one.name)

    def _version(self, stream: str) -> int:
        return self._known[stream][0] if stream in self._known else 0

    def _read(self, streams: list[str], versions: dict[str, int]) -> None:
        folded: dict[str, Subscription] = {}
        for row in self._rows.query(_EVENTS, [streams]):
            event = codec.revive(row["type"], row["schema_version"], row["data"])
            folded[row["stream"]] = evolve(folded.get(row["stream"]), event)  # type: ignore[arg-type]  # its own stream
        for stream, subscription in folded.items():
            self._known[stream] = (versions[stream], subscription)


class DirectoryRoutes:
    """`shared.courier.ports.Routes`: subscriptions as the courier sees them."""

    def __init__(self, rows: Rows, secrets: Secrets) -> None:
        self._directory = Directory(rows)
        self._rows = rows
        self._secrets = secrets

    def current(self) -> list[Route]:
        return [self._route(one) for one in self._directory.all()]

    def _route(self, one: Subscription) -> Route:
        return Route(
            subscription_id=one.subscription_id,
            name=one.name,
            kind=one.delivery.value,
            is_active=one.state is State.ACTIVE,
            is_over=one.state is State.DELETED,
            revision=self._directory.revision(one),
            generation=one.generation,
            password=self._secrets.password(one) if one.delivery is DeliveryKind.AMQP else "",
            endpoint=one.endpoint,
            select=self._selector(one),
        )

    def _selector(self, one: Subscription) -> Callable[[Sequence[Stored]], Sequence[Message]]:
        wanted, rows, stream = one.filter, self._rows, stream_of(one.name)
        return lambda window: select(wanted, rows, window, stream=stream)
