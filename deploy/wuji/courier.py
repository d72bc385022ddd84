"""Puts the courier together: notify's subscriptions on one side, the departments' virtual host on the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.notify.subscriptions import webhooks
from services.notify.subscriptions.directory import DirectoryRoutes
from services.notify.subscriptions.parked import TableErrands
from services.notify.subscriptions.places import TablePlaces
from services.notify.subscriptions.replays import TableReplays, queue_suffix
from services.notify.subscriptions.secrets import Secrets
from services.notify.subscriptions.webhooks import Rules, TableLedger
from shared.config import Config
from shared.courier.amqp import Link, QueueOutlet
from shared.courier.courier import Kind, Parts
from shared.courier.drops import Drops
from shared.courier.errands import Errander
from shared.courier.feed import SharedFeed
from shared.courier.keeper import Keeper
from shared.courier.ports import Outlet, Route
from shared.courier.replay import Replay, Replayer
from shared.courier.room import QueueRoom
from shared.courier.webhook import CallOutlet, Signers, WebhookOutlet
from shared.kernel.errors import Invalid
from shared.postgres.connection import Pool
from shared.postgres.log import PostgresLog
from shared.postgres.rows import PostgresRows
from shared.postgres.stored import read_stored
from shared.rabbitmq.management import Management
from shared.rabbitmq.partners import Caps, Names, depth, partners_topology, provide_replay


def parts(config: Config) -> Parts:
    """What one term of leading needs."""
    pool = Pool(config.database_url, size=8, application="wuji courier")
    rows = PostgresRows(pool)
    places = TablePlaces(rows)
    names = Names.of_url(config.amqp_url)
    links, log = (Link(config.amqp_url, patience=10.0), Link(config.amqp_url)), PostgresLog(pool)
    secrets = Secrets(config.subscription_key)
    calls = Calls(rows, secrets, TableLedger(rows, log), Rules.of(config))
    return Parts(
        feed=SharedFeed(lambda after, limit: read_stored(pool, after, limit)),
        routes=DirectoryRoutes(rows, secrets),
        places=places,
        kinds={
            "amqp": _queues(names, links[0], aside=_queues(names, links[1])),
            "webhook": Kind(calls.outlet, is_shared=False),
        },
        keeper=_keeper(config, places, names),
        crew={
            "replays": _replayer(config, pool, names, calls),
            "errands": Errander(
                TableErrands(rows, log), config.amqp_url, names.queue, lambda: str(config.need("WUJI_PARKED_URL"))
            ),
        },
        trouble=lambda: _trouble(links[0]),
        close=lambda: _close(links, pool),
    )


def _queues(names: Names, link: Link, aside: Kind | None = None) -> Kind:
    return Kind(
        lambda route: QueueOutlet(link, names.queue(route.name)), is_shared=True, breathe=link.breathe, aside=aside
    )


@dataclass(frozen=True, slots=True)
class Calls:
    """Everything that calls of webhooks are made with."""

    rows: PostgresRows
    secrets: Secrets
    ledger: TableLedger
    rules: Rules

    def outlet(self, route: Route) -> Outlet:
        """The way of every day, with its schedule."""
        caller = self.rules.caller(_endpoint(route))
        return WebhookOutlet(route.subscription_id, caller, self._signers(route), self.ledger, self.rules.schedule)

    def once_more(self, route: Route) -> Outlet:
        """For replays, which wait instead of being disabled."""
        return CallOutlet(route.subscription_id, self.rules.caller(_endpoint(route)), self._signers(route), self.ledger)

    def _signers(self, route: Route) -> Signers:
        self.ledger.sweep()
        return webhooks.signers(self.rows, self.secrets, route.subscription_id, route.generation, self.rules.overlap)


def _endpoint(route: Route) -> str:
    if route.endpoint is None:
        raise Invalid(f"the webhook {route.name} has no endpoint")
    return route.endpoint


def _replayer(config: Config, pool: Pool, names: Names, calls: Calls) -> Replayer:
    management, link = Management(config.management_url), Link(config.amqp_url)
    shadow, live = config.count("WUJI_REPLAY_DEPTH"), config.count("WUJI_SUBSCRIPTION_LENGTH") // 2

    def queue(replay: Replay, route: Route) -> str:
        name = names.queue(route.name)
        return name if replay.is_live else f"{name}.{queue_suffix(replay.replay_id)}"

    def outlet(replay: Replay, route: Route) -> Outlet:
        if route.kind == "webhook":
            return calls.once_more(route)
        if not replay.is_live:
            provide_replay(management, names, route.name, queue_suffix(replay.replay_id))
        return QueueOutlet(link, queue(replay, route))

    return Replayer(
        TableReplays(calls.rows),
        DirectoryRoutes(calls.rows, calls.secrets),
        SharedFeed(lambda after, limit: read_stored(pool, after, limit), size=2000, kept=3),
        outlet,
        QueueRoom(
            lambda replay, route: depth(management, names, queue(replay, route)),
            # Into the queue of every day less goes than would push out what waits there.
            lambda replay: live if replay.is_live else shadow,
        ),
        breathe=link.breathe,
        close=link.close,
    )


def _keeper(config: Config, places: TablePlaces, names: Names) -> Keeper:
    management = Management(config.management_url)
    staff = staff_of(config.amqp_url)
    caps = Caps(config.count("WUJI_SUBSCRIPTION_LENGTH"), config.count("WUJI_SUBSCRIPTION_MEGABYTES"))
    return Keeper(
        management,
        lambda accounts: partners_topology(
            accounts, names=names, caps=caps, staff=staff, administrator=management.user
        ),
        places,
        Drops(config.amqp_url, places.dropped),
        full=caps.length,
    )


def staff_of(amqp_url: str) -> Mapping[str, str]:
    """Account names of the courier and of the operator, who is called like it."""
    user = urlsplit(amqp_url).username or ""
    return {"courier": user, "operator": user.removesuffix("courier") + "operator"}


def _close(links: Iterable[Link], pool: Pool) -> None:
    for link in links:
        link.close()
    pool.close()


def _trouble(link: Link) -> Mapping[str, str]:
    return {} if link.trouble is None else {"broker": link.trouble}
