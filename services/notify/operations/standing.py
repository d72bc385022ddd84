"""One subscription as its department sees it: where it stands, and what there is to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.notify.subscriptions import places
from services.notify.subscriptions.directory import Directory
from services.notify.subscriptions.domain import State, Subscription
from shared.contracts.subscription import DeliveryKind
from shared.ports import Rows

LATE_SECONDS = 300
_MEASURED_WITHIN = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription and what was seen of it."""

    subscription: Subscription
    figures: dict[str, Any]
    """As `places.standings` gives them; empty for one that never had a place."""

    def __getitem__(self, name: str) -> Any:
        return self.figures.get(name)

    @property
    def to_do(self) -> list[tuple[str, str]]:
        """(light, what): the most urgent first; what it means and how it is mended are words of the page."""
        one, seen = self.subscription, self.figures
        late = (seen.get("lag_seconds") or 0) > LATE_SECONDS and one.delivery is not DeliveryKind.PULL
        waits, nobody = bool(seen.get("ready")), seen.get("consumers") == 0
        has_queue = one.delivery is DeliveryKind.AMQP
        found = [
            ("bad", "disabled", one.state is State.DISABLED),
            ("idle", "paused", one.state is State.PAUSED),
            ("idle", "deleted", one.state is State.DELETED),
            ("bad", "dropped", bool(seen.get("dropped"))),
            ("bad", "parked", bool(seen.get("parked"))),
            ("bad", "nobody", has_queue and waits and nobody),
            ("idle", "absent", has_queue and not waits and nobody and one.state is State.ACTIVE),
            ("warn", "late", late and one.state is State.ACTIVE),
            ("warn", "failing", bool(seen.get("last_error")) and one.state is State.ACTIVE),
        ]
        return [(light, what) for light, what, holds in found if holds]

    @property
    def light(self) -> str:
        lights = [light for light, _ in self.to_do]
        return next((light for light in ("bad", "warn", "idle") if light in lights), "good")

    def is_unmeasured(self, at: datetime) -> bool:
        """Whether the figures of its queue are old: the courier, which measures, is not there."""
        measured = self.figures.get("measured_at")
        has_queue = self.subscription.delivery is DeliveryKind.AMQP
        return has_queue and (measured is None or at - measured > _MEASURED_WITHIN)


def standings(rows: Rows) -> list[Standing]:
    """All that were not deleted. Raises Unavailable."""
    seen = {row["name"]: row for row in places.standings(rows)}
    every = [one for one in Directory(rows).all() if one.state is not State.DELETED]
    return [Standing(one, seen.get(one.name, {})) for one in every]


def standing(rows: Rows, one: Subscription) -> Standing:
    """This one. Raises Unavailable."""
    found = places.standings(rows, one.name)
    return Standing(one, found[0] if found else {})
