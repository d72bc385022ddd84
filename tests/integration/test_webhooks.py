"""Webhooks: a courier process, a real HTTP receiver, and everything that can go wrong between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from services.notify.subscriptions import handlers, webhooks
from services.notify.subscriptions.domain import State
from services.notify.subscriptions.webhooks import TableLedger
from shared.contracts.subscription import DeliveryKind
from shared.courier.http import Caller, Networks
from shared.courier.ports import Interrupted
from shared.courier.webhook import Schedule, WebhookOutlet
from shared.kernel.clock import utc_now
from tests.support.appends import adding, found, new_stream, rejected
from tests.support.database import Database
from tests.support.partners import OPERATOR, Partners, cause, partners_of, until
from tests.support.receiver import Receiver, receiver
from tests.support.servers import Servers

pytestmark = pytest.mark.integration
HERE = {"WUJI_WEBHOOK_NETWORKS": "127.0.0.0/8", "WUJI_WEBHOOK_RETRIES": "0.2,0.2,0.5"}


@pytest.fixture
def partners(database: Database, servers: Servers, tmp_path: Path) -> Iterator[Partners]:
    with partners_of(database, servers, tmp_path, settings=dict(HERE)) as made:
        yield made


@pytest.fixture
def department() -> Iterator[Receiver]:
    with receiver() as listening:
        yield listening


def _rejections(database: Database, count: int) -> list[int]:
    """So many reports that were rejected; the positions of the rejections."""
    log = database.log("intake")
    for _ in range(count):
        stream = new_stream()
        log.append(adding(stream, 0, [found(stream), rejected(stream)]))
    database.settle()
    rows = database.query("SELECT f.position, e.type FROM es.feed f JOIN es.events e USING (txid, seq) ORDER BY 1")
    return [position for position, kind in rows if kind == "report.rejected"]


def _hook(partners: Partners, department: Receiver, name: str = "hook") -> None:
    partners.subscribe(name, types=["report.rejected"], delivery=DeliveryKind.WEBHOOK, endpoint=department.url)


def _caught_up(partners: Partners, name: str = "hook") -> bool:
    return bool(partners.standing(name)["lag_events"] == 0)


def test_events_arrive_in_order_signed_as_the_standard_says(
    partners: Partners, database: Database, department: Receiver
) -> None:
    _hook(partners, department)
    wanted = _rejections(database, 40)
    courier = partners.start_courier()
    until(lambda: _caught_up(partners), otherwise=courier.log.read_text)
    subscription = handlers.load(partners.log, "hook", OPERATOR)
    secret = partners.secrets.signing(subscription.subscription_id, 1)

    assert [one.position for one in department.got] == wanted
    for one in department.got:
        event = Webhook(secret).verify(one.body, one.headers)
        assert event["id"] == one.id
        assert event["type"] == "report.rejected.v1"
        assert one.headers["content-type"] == "application/cloudevents+json"
    logged = webhooks.attempts_of(partners.rows, subscription.subscription_id, before=None, limit=100, failed=False)
    assert [one["status"] for one in logged] == [204] * 40
    assert courier.end() == 0


def test_what_is_refused_comes_again_and_nothing_overtakes_it(
    partners: Partners, database: Database, department: Receiver
) -> None:
    refusals = iter([500, 503, 302])
    department.answer = lambda _headers, _body: (next(refusals, 204), {"Location": "http://127.0.0.1:9/"})
    _hook(partners, department)
    wanted = _rejections(database, 5)
    courier = partners.start_courier()
    until(lambda: _caught_up(partners), otherwise=courier.log.read_text)

    assert [one.answered for one in department.got[:4]] == [500, 503, 302, 204]
    assert len({one.id for one in department.got[:4]}) == 1
    assert department.positions == wanted
    assert len(department.got) == 8


def test_a_courier_killed_in_the_middle_loses_nothing(
    partners: Partners, database: Database, department: Receiver
) -> None:
    _hook(partners, department)
    wanted = _rejections(database, 400)
    first = partners.start_courier()
    until(lambda: len(department.got) > 60, otherwise=first.log.read_text)
    first.kill()
    second = partners.start_courier()
    until(lambda: _caught_up(partners), 60, otherwise=second.log.read_text)

    assert department.positions == wanted
    assert len({one.id for one in department.got}) == 400


def test_a_dead_endpoint_holds_back_only_itself(partners: Partners, database: Database, department: Receiver) -> None:
    _hook(partners, department)
    partners.subscribe(
        "dead", types=["report.rejected"], delivery=DeliveryKind.WEBHOOK, endpoint="http://127.0.0.1:9/nobody"
    )
    wanted = _rejections(database, 20)
    courier = partners.start_courier()
    until(lambda: _caught_up(partners), otherwise=courier.log.read_text)

    assert department.positions == wanted
    until(lambda: "refused" in (partners.standing("dead")["last_error"] or "").lower())


def test_410_disables_and_resuming_goes_on(partners: Partners, database: Database, department: Receiver) -> None:
    department.answer = lambda _headers, _body: 410
    _hook(partners, department)
    wanted = _rejections(database, 3)
    courier = partners.start_courier()
    until(
        lambda: handlers.load(partners.log, "hook", OPERATOR).state is State.DISABLED, otherwise=courier.log.read_text
    )
    reason = handlers.load(partners.log, "hook", OPERATOR).reason
    department.answer = lambda _headers, _body: 204
    handlers.resume(partners.log, "hook", OPERATOR, cause())
    until(lambda: _caught_up(partners), otherwise=courier.log.read_text)

    assert "410" in (reason or "")
    assert department.positions == wanted


def test_this_machine_is_not_called_unless_configuration_allows_it(
    partners: Partners, database: Database, department: Receiver
) -> None:
    del partners.settings["WUJI_WEBHOOK_NETWORKS"]
    _hook(partners, department)
    _rejections(database, 1)
    courier = partners.start_courier()
    until(lambda: "may not go" in (partners.standing("hook")["last_error"] or ""), otherwise=courier.log.read_text)

    assert department.got == []


def test_after_a_rotation_both_secrets_sign_for_a_while(
    partners: Partners, database: Database, department: Receiver
) -> None:
    _hook(partners, department)
    handlers.rotate(partners.log, "hook", OPERATOR, cause())
    _rejections(database, 1)
    courier = partners.start_courier()
    until(lambda: _caught_up(partners), otherwise=courier.log.read_text)
    subscription = handlers.load(partners.log, "hook", OPERATOR)
    signers = webhooks.signers(partners.rows, partners.secrets, subscription.subscription_id, 2, timedelta(hours=24))

    (one,) = department.got
    for generation in (1, 2):
        Webhook(partners.secrets.signing(subscription.subscription_id, generation)).verify(one.body, one.headers)
    assert len(signers(utc_now())) == 2
    assert len(signers(utc_now() + timedelta(hours=25))) == 1


def test_the_schedule_survives_a_restart_and_days_of_failure_end_it(
    partners: Partners, database: Database, department: Receiver
) -> None:
    department.answer = lambda _headers, _body: 500
    _hook(partners, department)
    _rejections(database, 1)
    subscription = handlers.load(partners.log, "hook", OPERATOR)
    now = utc_now()

    def outlet() -> WebhookOutlet:
        caller = Caller(department.url, Networks.of(["127.0.0.0/8"]))
        return WebhookOutlet(
            subscription.subscription_id,
            caller,
            lambda _at: (partners.secrets.signing(subscription.subscription_id, 1),),
            TableLedger(partners.rows, partners.log),
            Schedule(),
            lambda: now,
        )

    messages = _messages(partners, database)
    waits = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, 86_400, 86_400)
    calls = []
    for wait in waits:
        for early in (timedelta(seconds=max(0, wait - 1)), timedelta(seconds=min(1, wait))):
            now += early
            made = outlet()
            with pytest.raises(Interrupted):
                made.deliver(messages)
            made.close()
            calls.append(len(department.got))
    expected = [n + (later if n else 1) for n in range(len(waits)) for later in (0, 1)]

    assert calls == expected
    assert handlers.load(partners.log, "hook", OPERATOR).state is State.DISABLED


def _messages(partners: Partners, database: Database) -> list:  # type: ignore[type-arg]
    from services.notify.subscriptions.replays import stored_after
    from services.notify.subscriptions.selection import select

    subscription = handlers.load(partners.log, "hook", OPERATOR)
    return select(subscription.filter, partners.rows, stored_after(database.rows("notify"), 0, 100))
