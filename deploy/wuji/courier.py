"""Puts the courier together: notify's subscriptions on one side, the departments' virtual host on the other."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from services.notify.subscriptions.directory import DirectoryRoutes
from services.notify.subscriptions.places import TablePlaces
from services.notify.subscriptions.secrets import Secrets
from shared.config import Config
from shared.courier.amqp import Link, QueueOutlet
from shared.courier.courier import Kind, Parts
from shared.courier.drops import Drops
from shared.courier.feed import SharedFeed
from shared.courier.keeper import Keeper
from shared.postgres.connection import Pool
from shared.postgres.rows import PostgresRows
from shared.postgres.stored import read_stored
from shared.rabbitmq.management import Management
from shared.rabbitmq.partners import Caps, Names, partners_topology


def parts(config: Config) -> Parts:
    """What one term of leading needs."""
    pool = Pool(config.database_url, size=8, application="wuji courier")
    rows = PostgresRows(pool)
    places = TablePlaces(rows)
    names = Names.of_url(config.amqp_url)
    link = Link(config.amqp_url)
    return Parts(
        feed=SharedFeed(lambda after, limit: read_stored(pool, after, limit)),
        routes=DirectoryRoutes(rows, Secrets(config.subscription_key)),
        places=places,
        kinds={
            "amqp": Kind(lambda route: QueueOutlet(link, names.queue(route.name)), is_shared=True, breathe=link.breathe)
        },
        keeper=_keeper(config, places, names),
        trouble=lambda: _trouble(link),
        close=lambda: _close(link, pool),
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
    )


def staff_of(amqp_url: str) -> Mapping[str, str]:
    """Account names of the courier and of the operator, who is called like it."""
    user = urlsplit(amqp_url).username or ""
    return {"courier": user, "operator": user.removesuffix("courier") + "operator"}


def _close(link: Link, pool: Pool) -> None:
    link.close()
    pool.close()


def _trouble(link: Link) -> Mapping[str, str]:
    return {} if link.trouble is None else {"broker": link.trouble}
