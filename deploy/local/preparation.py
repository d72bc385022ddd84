"""Brings the database and the broker to the shape that our processes expect: schema, queues, accounts, rights."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from deploy.local import backends as backing
from deploy.local.backends import Backends
from deploy.local.credentials import ACCOUNTS, SERVICES
from shared.rabbitmq.topology import Reaction, Topology, topology

ON_THE_BROKER = (*SERVICES, "relay", "projector", "courier", "operator")
IN_THE_DATABASE = tuple(name for name in ACCOUNTS if name not in ("operator", "projector"))


def database_passwords(backends: Backends) -> Mapping[str, str]:
    """Role name → password, for all roles of ours."""
    return {backing.PREFIX + name: backends.credentials.database(name) for name in IN_THE_DATABASE}


def migrate(backends: Backends) -> list[str]:
    """Bring the database to the current shape; what was applied and which partitions were made."""
    from shared.postgres.migrate import migrate as run  # yoyo is slow to import

    done = run(backends.admin_database_url, database_passwords(backends))
    return [*done.applied, *done.partitions]


def service_class(name: str) -> Any:
    """The class of a service, by its name."""
    with warnings.catch_warnings():
        # eventlet's word to those who choose it anew; it is known, and no operator can act on it.
        warnings.simplefilter("ignore")
        module = import_module(f"services.{name}.service")
    return next(found for found in vars(module).values() if isinstance(found, type) and _name(found) == name)


def _name(found: type) -> str | None:
    return found.__dict__.get("name")


def wanted(backends: Backends) -> Topology:
    """The broker's topology for all reactions of all services."""
    classes = [service_class(name) for name in SERVICES]
    from shared.entrypoints.on import reactions_of  # imports nameko, hence after the services

    reactions = [Reaction(spec.queue, tuple(spec.types)) for found in classes for spec in reactions_of(found)]
    passwords = {name: backends.credentials.broker(name) for name in ON_THE_BROKER}
    return topology(
        reactions, passwords, vhost=backends.vhost, prefix=backing.PREFIX, administrator=backends.amqp_administrator
    )


def apply_topology(backends: Backends) -> list[str]:
    """Bring the broker to the topology; the differences that are gone now."""
    from shared.rabbitmq.drift import apply
    from shared.rabbitmq.management import Management

    return list(apply(wanted(backends), Management(backends.management_url)).changed)
