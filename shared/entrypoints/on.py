"""`@on(...)`: a method of a service that answers events, one message at a time.

    @on(ReportAccepted)
    def file_report(self, recorded: Recorded[ReportAccepted]) -> None: ...

The queue is called `<service>.<method>`. What happens to the message is decided by how the method ends:

    returns, or raises Refused      done: acknowledged
    raises Conflict                 called again now, at most five times, then like Unavailable
    raises Unavailable              tried again after 5 s, 1 min, 10 min, then parked
    raises anything else            parked at once, for a human to look at

Only when it is the service's own database that is away, no attempt is counted: the message is given back, and the
service consumes nothing until the database answers again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from nameko.extensions import Entrypoint, register_entrypoint

from shared.contracts import catalogue
from shared.entrypoints.bus import Bus

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class ReactionSpec:
    """What the topology has to know of one reaction."""

    queue: str
    types: tuple[str, ...]
    """Event type names: `report.accepted`."""
    history: bool
    """Whether imported history is answered too."""


class Reaction(Entrypoint):  # type: ignore[misc]  # nameko has no types
    """One method of one service behind one queue."""

    bus = Bus()

    def __init__(self, *events: type, history: bool = False, prefetch: int | None = None) -> None:
        super().__init__()
        self.types = tuple(sorted(_type_name(event) for event in events))
        self.history = history
        self.prefetch = prefetch

    @property
    def queue(self) -> str:
        return f"{self.container.service_name}.{self.method_name}"

    def setup(self) -> None:
        self.bus.register_provider(self)

    def stop(self) -> None:
        # Nothing new is begun; what runs is finished and acknowledged while everything it needs is still there.
        self.bus.no_more()
        self.bus.wait_until_drained()
        self.bus.unregister_provider(self)

    def kill(self) -> None:
        self.bus.no_more()


def on(*events: type, history: bool = False, prefetch: int | None = None) -> Callable[[F], F]:
    """Answer these events. `history=True`: also those that were imported. `prefetch`: messages fetched ahead."""
    if not events:
        raise TypeError("a reaction answers at least one event")
    for event in events:
        _type_name(event)

    def register(function: F) -> F:
        register_entrypoint(function, Reaction(*events, history=history, prefetch=prefetch))
        return function

    return register


def reactions_of(service: type) -> tuple[ReactionSpec, ...]:
    """Every reaction of a service class, by queue name. Needs neither a broker nor a running service."""
    name = service.name  # type: ignore[attr-defined]  # every nameko service has one
    found = []
    for method, function in inspect.getmembers(service, inspect.isfunction):
        for entrypoint in getattr(function, "nameko_entrypoints", ()):
            if isinstance(entrypoint, Reaction):
                found.append(ReactionSpec(f"{name}.{method}", entrypoint.types, entrypoint.history))
    return tuple(sorted(found, key=lambda spec: spec.queue))


def _type_name(event: type) -> str:
    found = catalogue.OF_SHAPE.get(event)
    if found is None:
        raise TypeError(f"{event!r} is no event: declare it with @event in shared/contracts")
    return found.name
