"""The rules of a subscription, and which events its filter wants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.subscriptions import domain, matching
from services.notify.subscriptions.domain import State, Subscription, evolve
from services.notify.subscriptions.facts import History
from services.notify.subscriptions.matching import Facts, checked, matches, routing_keys, version_wanted
from services.notify.subscriptions.secrets import Secrets
from shared.contracts import public
from shared.contracts.subscription import DeliveryKind, Filter
from shared.kernel.errors import Invalid, NotFound, Refused, Unauthenticated
from shared.rabbitmq.partners import Account, Caps, Names, partners_topology
from shared.security import tokens

AMQP = DeliveryKind.AMQP


def wanting(
    types: Iterable[str] = (), areas: Iterable[str] = (), issues: Iterable[str] = (), departments: Iterable[str] = ()
) -> Filter:
    return Filter(types=tuple(types), areas=tuple(areas), issue_types=tuple(issues), departments=tuple(departments))


def made(name: str = "orders", delivery: DeliveryKind = AMQP, endpoint: str | None = None) -> Subscription:
    return evolve(None, domain.create(name, "sanitation", delivery, wanting(), 7, endpoint))


def after(subscription: Subscription, events: Iterable[Any]) -> Subscription:
    for event in events:
        subscription = evolve(subscription, event)
    return subscription


# --- the rules ----------------------------------------------------------------------------------------------------


def test_a_subscription_is_active_from_the_start() -> None:
    found = made()

    assert (found.name, found.state, found.generation) == ("orders", State.ACTIVE, 1)


@pytest.mark.parametrize("name", ["", "Orders", "9orders", "a--b", "a-", "a.b", "a b", "订阅", "a" * 41, "a\n", "a/b"])
def test_a_name_that_no_queue_could_have_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as wrong:
        made(name)

    assert wrong.value.where == "name"


def test_only_a_webhook_has_an_address_and_it_must_have_one() -> None:
    with pytest.raises(Invalid):
        made(delivery=AMQP, endpoint="https://a.example/hook")
    with pytest.raises(Invalid):
        made(delivery=DeliveryKind.WEBHOOK)


def test_pausing_and_resuming_twice_is_once() -> None:
    paused = after(made(), domain.pause(made(), "upgrade"))

    assert (paused.state, paused.reason) == (State.PAUSED, "upgrade")
    assert tuple(domain.pause(paused, "again")) == ()
    assert after(paused, domain.resume(paused)).state is State.ACTIVE
    assert tuple(domain.resume(made())) == ()


def test_what_the_platform_disabled_is_resumed_and_not_paused() -> None:
    disabled = after(made(), domain.disable(made(), "five days of failures"))

    with pytest.raises(Refused):
        domain.pause(disabled, None)
    assert tuple(domain.disable(disabled, "again")) == ()
    assert after(disabled, domain.resume(disabled)).reason is None


def test_nothing_can_be_done_with_what_was_deleted_but_delete_it_again() -> None:
    gone = after(made(), domain.delete(made(), None))

    assert tuple(domain.delete(gone, None)) == ()
    for decide in (domain.resume, domain.rotate, lambda it: domain.pause(it, None), lambda it: domain.move(it, 1)):
        with pytest.raises(NotFound):
            decide(gone)


def test_every_secret_is_of_one_subscription_and_one_generation() -> None:
    secrets, first = Secrets(b"k" * 32), made()
    second = after(first, domain.rotate(first))
    passwords = {secrets.password(one) for one in (first, second, made("other"))}

    assert len(passwords) == 3
    assert secrets.password(first) == Secrets(b"k" * 32).password(made())


def test_a_subscribers_token_opens_only_what_knows_the_subscribers_key() -> None:
    city, found = tokens.new_key(), made()
    token = Secrets(b"k" * 32).token(found)
    stranger, friend = (tokens.Verifier.of_key(tokens.public_part(city)) for _ in range(2))
    friend.trust_subscribers(tokens.public_part(tokens.subscriber_key(b"k" * 32)))

    with pytest.raises(Unauthenticated):
        stranger.verify(token)
    assert (friend.verify(token).role, friend.verify(token).subscription) == ("subscriber", "orders")
    assert friend.verify(tokens.sign(city, subject="a", role="operator")).subscription is None


def test_the_subscribers_key_makes_no_other_tokens() -> None:
    ours = tokens.subscriber_key(b"k" * 32)
    verifier = tokens.Verifier.of_key(tokens.public_part(tokens.new_key()))
    verifier.trust_subscribers(tokens.public_part(ours))
    forged = tokens.sign(ours, subject="a", role="operator", ttl=timedelta(hours=1))

    with pytest.raises(Unauthenticated):
        verifier.verify(forged)
    with pytest.raises(Invalid):
        tokens.sign(tokens.new_key(), subject="a", role="subscriber")


# --- matching -----------------------------------------------------------------------------------------------------

TYPES = sorted(public.public_types())
AREAS = ["530103", "530103.004", "530103.004.012", "530103.004.012.003.00007", "530103.005", "530102", "5301030"]
ISSUES = ["E-01", "E-01-02", "E-02-01", "E-010"]
DEPARTMENTS = ["urban", "sanitation", "water"]
patterns = st.sampled_from([*TYPES, "*", "case.*", "*.closed", "task.*"])


@given(
    types=st.lists(patterns, max_size=3),
    areas=st.lists(st.sampled_from(AREAS[:-1]), max_size=2),
    issues=st.lists(st.sampled_from(ISSUES[:3]), max_size=2),
    departments=st.lists(st.sampled_from(DEPARTMENTS), max_size=2),
    kind=st.sampled_from([*TYPES, "notice.requested", "subscription.created", "subject.erased"]),
    area=st.sampled_from(AREAS),
    issue=st.one_of(st.none(), st.sampled_from(ISSUES)),
    given_to=st.sets(st.sampled_from(DEPARTMENTS)),
)
def test_an_event_matches_when_every_list_that_asks_for_something_has_it(
    types: list[str],
    areas: list[str],
    issues: list[str],
    departments: list[str],
    kind: str,
    area: str,
    issue: str | None,
    given_to: set[str],
) -> None:
    wanted = wanting(types, areas, issues, departments)
    category, name = kind.split(".")
    expected = (
        kind in TYPES
        and (not types or bool({kind, "*", f"{category}.*", f"*.{name}"} & set(types)))
        and (not areas or any((area + ".").startswith(one + ".") for one in areas))
        and (not issues or (issue is not None and any((issue + "-").startswith(one + "-") for one in issues)))
        and (not departments or bool(given_to & set(departments)))
    )

    assert matches(wanted, kind, area, Facts(issue, frozenset(given_to))) is expected


def test_a_pattern_may_ask_for_a_version() -> None:
    wanted = wanting(["case.filed.v1", "task.*"])

    assert matches(wanted, "case.filed", "530103")
    assert version_wanted(wanted, "case.filed") == 1
    assert version_wanted(wanted, "task.signed") is None


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (wanting(["case.dispatchd"]), "filter.types"),
        (wanting(["notice.requested"]), "filter.types"),
        (wanting(["subject.*"]), "filter.types"),
        (wanting(["case..x"]), "filter.types"),
        (wanting(["*.*.*"]), "filter.types"),
        (wanting(issues=["E-1"]), "filter.issue_types"),
        (wanting(areas=["53010"]), None),
        (wanting(departments=["a"] * (matching.MOST + 1)), "filter.departments"),
    ],
)
def test_a_filter_that_nothing_could_match_is_refused(wrong: Filter, where: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        checked(wrong)

    assert refused.value.where == where


def test_a_filter_speaks_the_language_of_routing_keys() -> None:
    assert routing_keys(wanting(["case.*"], ["530103.004"])) == ["case.*.530103.004.#"]
    assert routing_keys(wanting()) == ["*.*.#"]
    assert checked(wanting(areas=["530103004"])).areas == ("530103.004",)


def test_facts_grow_with_the_events_and_forget_no_department() -> None:
    history = History()
    for position, issue, department, others in ((3, "E-01-02", None, None), (5, None, "urban", ["water"])):
        history.add({"position": position, "issue_type": issue, "department": department, "co_handlers": others})
    history.add({"position": 9, "issue_type": None, "department": "sanitation", "co_handlers": []})

    assert history.at(2) == Facts()
    assert history.at(4) == Facts("E-01-02", frozenset())
    assert history.at(5).departments == {"urban", "water"}
    assert history.at(100).departments == {"urban", "water", "sanitation"}


# --- names at the broker ------------------------------------------------------------------------------------------


def test_an_account_may_neither_configure_nor_write() -> None:
    document = partners_topology(
        [Account("a", "x"), Account("ab", "y")], names=Names(), caps=Caps(), staff={}, administrator="admin"
    ).definitions
    rights = {one["user"]: one for one in document["permissions"] if one["user"].startswith("sub-")}

    assert {(one["configure"], one["write"]) for one in rights.values()} == {("^$", "^$")}
    assert rights["sub-a"]["read"].startswith("^sub\\.a(")


def test_names_of_another_stack_do_not_meet_ours() -> None:
    assert Names.beside("wuji").user("a") == "sub-a"
    assert Names.beside("test_town").user("a") != "sub-a"
    assert Names().name_of("sub.a") == "a"
    assert Names().name_of("sub.a.parked") is None
    assert Names().name_of("dropped") is None
