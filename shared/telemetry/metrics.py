"""Every metric of the platform, by name: one prefix, base units, no ids as labels.

A metric appears on `/metrics` of the processes that use it, and of no others: an idle zero of a process that has
nothing to do with it would read as "all is well".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, disable_created_metrics

# The moment of a counter's creation doubles the number of series, and nobody asks for it.
cast("Callable[[], None]", disable_created_metrics)()

PREFIX = "wuji_"
DECLARED: dict[str, str] = {}
"""Every metric's name → what it says, whether this process uses it or not."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


class _OnFirstUse:
    """Makes the metric when somebody first counts something."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        made = self.__dict__.get("_made")
        if made is None:
            made = self.__dict__["_made"] = self._make()
        found = getattr(made, name)
        self.__dict__[name] = found
        return found


def _name(name: str, help_text: str) -> str:
    DECLARED[PREFIX + name] = help_text
    return PREFIX + name


def _counter(name: str, help_text: str, labels: Sequence[str] = ()) -> Counter:
    full = _name(name, help_text)
    return cast("Counter", _OnFirstUse(lambda: Counter(full, help_text, labels, registry=REGISTRY)))


def _gauge(name: str, help_text: str, labels: Sequence[str] = ()) -> Gauge:
    full = _name(name, help_text)
    return cast("Gauge", _OnFirstUse(lambda: Gauge(full, help_text, labels, registry=REGISTRY)))


def _histogram(name: str, help_text: str, labels: Sequence[str] = (), buckets: Sequence[float] = _SECONDS) -> Histogram:
    full = _name(name, help_text)
    return cast(
        "Histogram", _OnFirstUse(lambda: Histogram(full, help_text, labels, registry=REGISTRY, buckets=buckets))
    )


# --- every process ---
BUILD_INFO = _gauge("build_info", "Always 1; the labels say what runs here.", ["process", "version"])
READY = _gauge("ready", "1 while the process is ready to work, else 0.")
DEPENDENCY_UP = _gauge("dependency_up", "1 while the dependency can be used, else 0.", ["dependency"])
LOG_LINES_LOST = _counter("log_lines_lost_total", "Log lines that could not be written.")

# --- doors ---
HTTP_REQUESTS = _counter("http_requests_total", "HTTP requests answered.", ["service", "door", "status"])
HTTP_SECONDS = _histogram("http_request_seconds", "From the parsed request to the answer.", ["service", "door"])
HTTP_CONNECTIONS = _gauge("http_connections", "Open HTTP connections.", ["service"])
HTTP_CONNECTIONS_DROPPED = _counter(
    "http_connections_dropped_total", "Connections closed by us before they sent a request.", ["service", "reason"]
)
HTTP_TURNED_AWAY = _counter(
    "http_turned_away_total", "Requests answered 503 because all workers were busy.", ["service"]
)

# --- the log ---
EVENTS_APPENDED = _counter("events_appended_total", "Events appended to the log.", ["type"])
APPENDS = _counter("appends_total", "Appends by outcome.", ["outcome"])
APPEND_CONFLICTS = _counter("append_conflicts_total", "Appends that lost to another writer.", ["category"])
APPEND_SECONDS = _histogram("append_seconds", "From the call of append to its commit.")
APPEND_BATCH = _histogram("append_batch_size", "Appends that shared one commit.", buckets=_SIZES)
IDEMPOTENT_REPEATS = _counter("idempotent_repeats_total", "Commands and messages that had been answered before.")

# --- the relay ---
RELAY_LEADER = _gauge("relay_leader", "1 in the relay that leads, 0 in those that stand by.")
RELAY_DEPTH = _gauge("relay_depth", "Events stored but not yet published.")
RELAY_OLDEST_AGE = _gauge("relay_oldest_age_seconds", "Age of the oldest event not yet published.")
RELAY_PUBLISHED = _counter("relay_published_total", "Events that the broker confirmed.")
RELAY_CONFIRM_SECONDS = _histogram("relay_confirm_seconds", "From publishing a window to its last confirm.")
RELAY_RETURNED = _counter("relay_returned_total", "Events that no queue wanted.")
FEED_HEAD = _gauge("feed_head_position", "The last position given to an event.")
FEED_HORIZON_AGE = _gauge(
    "feed_horizon_age_seconds", "Age of the oldest running transaction that holds back positions."
)
PARTITIONS_FAILED = _counter("partitions_failed_total", "Attempts to make the log's months ahead that failed.")

# --- projections ---
PROJECTION_POSITION = _gauge("projection_position", "The last position in the view.", ["projection"])
PROJECTION_LAG_EVENTS = _gauge("projection_lag_events", "Events between the view and the head.", ["projection"])
PROJECTION_LAG_SECONDS = _gauge("projection_lag_seconds", "How stale the view is.", ["projection"])
PROJECTION_BATCH = _histogram("projection_batch_size", "Events applied in one transaction.", ["projection"], _SIZES)
PROJECTION_POISONED = _counter("projection_poisoned_total", "Events that a view could not take.", ["projection"])

# --- subscriptions ---
COURIER_LEADER = _gauge("courier_leader", "1 in the courier that leads, 0 in those that stand by.")
SUBSCRIPTION_POSITION = _gauge("subscription_position", "The last position that was delivered.", ["subscription"])
SUBSCRIPTION_LAG_EVENTS = _gauge("subscription_lag_events", "Events not yet looked at for it.", ["subscription"])
SUBSCRIPTION_LAG_SECONDS = _gauge("subscription_lag_seconds", "Age of the first of them.", ["subscription"])
SUBSCRIPTION_UNACKED = _gauge("subscription_unacked", "Messages the subscriber works on.", ["subscription"])
SUBSCRIPTION_PARKED = _gauge("subscription_parked", "Messages that its subscriber could not take.", ["subscription"])
SUBSCRIPTION_DELIVERED = _counter("subscription_delivered_total", "Messages confirmed by its side.", ["subscription"])
SUBSCRIPTION_DROPPED = _gauge("subscription_dropped_total", "Messages that its full queue gave up.", ["subscription"])
SUBSCRIPTION_STANDING = {
    "position": SUBSCRIPTION_POSITION,
    "lag_events": SUBSCRIPTION_LAG_EVENTS,
    "lag_seconds": SUBSCRIPTION_LAG_SECONDS,
    "unacked": SUBSCRIPTION_UNACKED,
    "parked": SUBSCRIPTION_PARKED,
    "dropped": SUBSCRIPTION_DROPPED,
}
"""What the leading courier tells of every subscription that is not over, by what it is called there."""

# --- reactions ---
MESSAGES_HANDLED = _counter("messages_handled_total", "Messages by outcome.", ["service", "message", "outcome"])
HANDLING_SECONDS = _histogram("handling_seconds", "How long a reaction took.", ["service", "message"])
MESSAGES_IN_WORK = _gauge("messages_in_work", "Messages being handled right now.", ["service"])
PARKED = _counter("parked_total", "Messages set aside for a human.", ["queue", "kind"])
BUS_RECONNECTS = _counter("bus_reconnects_total", "Connections to the broker that were lost.", ["service"])

# --- clocks ---
CLOCK_DUE_SCAN_SECONDS = _histogram("clock_due_scan_seconds", "Looking for what has fallen due, and saying it.")
CLOCK_BACKLOG = _gauge("clock_backlog", "Time limits about which something is to be said, and was not yet.")
CLOCK_FACTS = _counter("clock_facts_total", "What the timer has said about time limits.")
CASES_OVERDUE_STAGE = _gauge("cases_overdue_by_stage", "Cases with a limit that has run out.", ["loop", "stage"])
ESCALATIONS_OPEN = _gauge("escalations_open", "Escalations that nobody has acknowledged.", ["level"])

# --- deliveries and business ---
DELIVERIES = _counter("deliveries_total", "Notices by channel and outcome.", ["channel", "outcome"])
CASES_OPEN = _gauge("cases_open", "Open cases.", ["street"])
CASES_OVERDUE = _gauge("cases_overdue", "Open cases past their due instant.", ["street"])
ADMISSION_BLOCKED = _counter(
    "admission_blocked_total",
    "Demands on communities refused by the rule: admission.missing, burden_cap; or told of as made outside.",
    ["kind", "rule"],
)
REMEDIES_OPEN = _gauge("remedies_open", "Remedies that are not struck off.", ["kind", "overdue"])
CHECKS_PENDING = _gauge("checks_pending", "Checks that wait for somebody to look.")
GRID_VACANT_POSTS = _gauge("grid_vacant_posts", "Grids that lack somebody at the post.", ["kind"])
GRIDS_WITHOUT_PERSON = _gauge("grids_without_person", "Grids without any worker or lead.")
DUTY_POSTS_SILENT = _gauge("duty_posts_silent", "Duty posts that do not answer the roll-call.")
DUTY_POSTS_EMPTY = _gauge("duty_posts_empty", "Duty posts at which nobody is planned to be now.")
CALENDAR_DAYS_LEFT = _gauge("calendar_days_left", "Days until the working calendar ends.")
