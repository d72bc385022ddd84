"""What the page of operations makes of what it was told: what is wrong comes first, and silence is no health."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.notify.operations import broker, processes
from services.notify.operations.log import horizon
from services.notify.operations.overview import Overview, Part
from services.notify.operations.standing import Standing
from services.notify.subscriptions.domain import State, Subscription, create, evolve
from shared.contracts.subscription import DeliveryKind, Filter
from shared.kernel.errors import Invalid, Unavailable

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)


def subscription() -> Subscription:
    wanted = Filter(types=("case.*",), areas=(), issue_types=(), departments=())
    return evolve(None, create("orders", "urban", DeliveryKind.AMQP, wanted, 0, None))


def counted(name: str, ready: int = 0, unacked: int = 0, consumers: int = 1) -> dict[str, object]:
    return {"name": name, "messages_ready": ready, "messages_unacknowledged": unacked, "consumers": consumers}


def test_a_queue_stands_beside_its_parked_one_and_what_is_wrong_comes_first() -> None:
    found = broker.arranged(
        [
            counted("grid.look"),
            counted("grid.look.parked"),
            counted("intake.tell", ready=2, consumers=0),
            counted("projector", ready=5000),
            counted("retry.5s", ready=1, consumers=0),
            counted("survey.ask"),
            counted("survey.ask.parked", ready=2, unacked=1, consumers=0),
        ]
    )

    assert [(one.name, one.state, one.parked) for one in found] == [
        ("intake.tell", "nobody", 0),
        ("survey.ask", "parked", 3),
        ("projector", "many", 0),
        ("retry.5s", "retried", 0),
        ("grid.look", "well", 0),
    ]


@pytest.mark.parametrize(
    ("years", "today", "days", "light"),
    [
        ((2026,), date(2026, 11, 21), 40, "warn"),
        ((2026, 2027), date(2026, 11, 21), 405, "good"),
        ((2026, 2028), date(2026, 11, 21), 40, "warn"),
        ((2025,), date(2026, 1, 1), 0, "bad"),
        ((), date(2026, 1, 1), 0, "bad"),
    ],
)
def test_the_calendar_reaches_to_the_first_year_that_is_missing(
    years: tuple[int, ...], today: date, days: int, light: str
) -> None:
    found = horizon(years, today)

    assert (found.days, found.light) == (days, light)


def test_addresses_of_processes_are_read_and_a_wrong_one_is_named() -> None:
    assert processes.addresses("intake=http://127.0.0.1:1/, relay=http://127.0.0.1:2") == {
        "intake": "http://127.0.0.1:1",
        "relay": "http://127.0.0.1:2",
    }
    with pytest.raises(Invalid, match="relay:9"):
        processes.addresses("relay:9")


def test_a_process_that_does_not_answer_is_called_silent_and_its_projections_unknown() -> None:
    urls = {"projector": "http://127.0.0.1:1"}

    assert processes.processes(urls)[0].state == "silent"
    with pytest.raises(Unavailable):
        processes.projected(urls)


def test_a_part_that_could_not_be_asked_is_as_bad_as_one_that_is() -> None:
    whole: dict[str, Part[object]] = {name: Part([]) for name in Overview.__slots__ if name != "at"}
    whole |= {"relay": Part({"oldest_seconds": 0.0}), "calendar": Part(horizon((2026, 2027), NOW.date()))}
    well = Overview(at=NOW, **whole)  # type: ignore[arg-type]
    dark = Overview(at=NOW, **{**whole, "queues": Part(None, "nobody there")})  # type: ignore[arg-type]

    assert well.light == "good"
    assert dark.light == "bad"
    assert dark.unknown == {"queues": "nobody there"}


def test_a_subscription_that_is_well_leaves_nothing_to_do() -> None:
    found = Standing(subscription(), {"lag_seconds": 1.0, "ready": 0, "consumers": 1, "measured_at": NOW})

    assert (found.light, found.to_do, found.is_unmeasured(NOW)) == ("good", [], False)


@pytest.mark.parametrize(
    ("seen", "what", "light"),
    [
        ({"dropped": 3, "consumers": 1}, "dropped", "bad"),
        ({"parked": 1, "consumers": 1}, "parked", "bad"),
        ({"ready": 4, "consumers": 0}, "nobody", "bad"),
        ({"ready": 0, "consumers": 0}, "absent", "idle"),
        ({"lag_seconds": 900.0, "consumers": 1}, "late", "warn"),
        ({"last_error": "refused", "consumers": 1}, "failing", "warn"),
    ],
)
def test_what_is_wrong_with_a_subscription_has_its_own_advice(seen: dict[str, object], what: str, light: str) -> None:
    found = Standing(subscription(), seen)

    assert found.to_do == [(light, what)]
    assert found.light == light


def test_figures_of_a_queue_that_nobody_counts_any_more_are_called_old() -> None:
    found = Standing(subscription(), {"measured_at": NOW - timedelta(minutes=5)})

    assert found.is_unmeasured(NOW)
    assert subscription().state is State.ACTIVE
    assert isinstance(subscription().subscription_id, UUID)
