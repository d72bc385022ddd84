"""One environment file per process, with that process's own accounts and only the secrets that it needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from deploy.local.backends import Backends
from deploy.local.credentials import SERVICES
from deploy.local.environment_file import as_text
from deploy.local.ports import Ports
from deploy.local.wishes import for_process

PROCESSES = (*SERVICES, "relay", "projector", "courier", "timer")
"""What the supervisor keeps running."""

SECRETS: dict[str, tuple[str, ...]] = {
    "intake": ("WUJI_MASTER_KEY", "WUJI_LINK_KEY", "WUJI_TOKEN_PUBLIC_KEY"),
    "dispatch": ("WUJI_TOKEN_PUBLIC_KEY",),
    # Grid keeps the accounts and seals where they are reached, and signs the sessions of browsers.
    "grid": ("WUJI_MASTER_KEY", "WUJI_TOKEN_KEY", "WUJI_TOKEN_PUBLIC_KEY"),
    "survey": ("WUJI_LINK_KEY", "WUJI_TOKEN_PUBLIC_KEY"),
    "notify": ("WUJI_MASTER_KEY", "WUJI_LINK_KEY", "WUJI_TOKEN_PUBLIC_KEY", "WUJI_SUBSCRIPTION_KEY"),
    "courier": ("WUJI_SUBSCRIPTION_KEY",),
    "operator": (
        "WUJI_MASTER_KEY",
        "WUJI_LINK_KEY",
        "WUJI_TOKEN_KEY",
        "WUJI_TOKEN_PUBLIC_KEY",
        "WUJI_SUBSCRIPTION_KEY",
    ),
}


def database_variable(role: str) -> str:
    """Where the projector and the operator find the address for a role that is not their own."""
    return f"DATABASE_URL_{role.upper()}"


def environment(process: str, backends: Backends, ports: Ports, public_url: str) -> dict[str, str]:
    """The variables of one process."""
    kept = backends.credentials
    values = {
        "WUJI_LOG": "json",
        "WUJI_PUBLIC_URL": public_url,
    }
    if process != "timer":
        # The timer only writes to the log, and hears of nothing.
        values["AMQP_URL"] = backends.amqp_url(process)
    secrets = {
        "WUJI_MASTER_KEY": kept["master_key"],
        "WUJI_LINK_KEY": kept["link_key"],
        "WUJI_SUBSCRIPTION_KEY": kept["subscription_key"],
        "WUJI_TOKEN_KEY": kept["token_key"],
        "WUJI_TOKEN_PUBLIC_KEY": kept["token_public_key"],
    }
    values |= {name: secrets[name] for name in SECRETS.get(process, ())}
    if process in PROCESSES:
        values["WUJI_ADMIN_PORT"] = str(ports[f"{process}.admin"])
    if process in SERVICES:
        values["WUJI_HTTP_PORT"] = str(ports[f"{process}.http"])
        # Nobody may take what runs beside a checkout for the city's own; whoever means it sets this to false.
        values["WUJI_DEMO"] = "true"
    if process == "operator":
        values["WUJI_LOCAL_URL"] = f"http://127.0.0.1:{ports['front']}"
    if process in ("notify", "courier", "operator"):
        values["WUJI_PARTNERS_URL"] = backends.partners_url
    if process == "notify":
        # For the page of operations: counts of queues, and every process's own word.
        values["RABBITMQ_MANAGEMENT_URL"] = backends.counting_url("notify")
        values["WUJI_ADMIN_URLS"] = ",".join(f"{one}=http://127.0.0.1:{ports[f'{one}.admin']}" for one in PROCESSES)
    if process == "courier":
        # Delivery into the departments' virtual host; and the one credential that makes queues and accounts there.
        values["AMQP_URL"] = backends.amqp_url("courier", backends.partners.vhost)
        values["RABBITMQ_MANAGEMENT_URL"] = backends.management_url
        # And of the city's own queues, those that hold what is parked.
        values["WUJI_PARKED_URL"] = backends.amqp_url("operator")
    return values | _databases(process, backends)


def _databases(process: str, backends: Backends) -> dict[str, str]:
    if process == "projector":
        roles = {database_variable(service): backends.database_url(service) for service in SERVICES}
        return {"DATABASE_URL": backends.database_url("reader"), **roles}
    if process == "operator":
        accounts = (*SERVICES, "relay", "courier", "timer", "importer", "reader", "owner")
        roles = {database_variable(account): backends.database_url(account) for account in accounts}
        admin = {
            "WUJI_ADMIN_DATABASE_URL": backends.admin_database_url,
            "WUJI_ADMIN_AMQP_URL": backends.admin_amqp_url,
            "RABBITMQ_MANAGEMENT_URL": backends.management_url,
        }
        return {"DATABASE_URL": backends.database_url("reader"), **roles, **admin}
    return {"DATABASE_URL": backends.database_url(process)}


def write(
    folder: Path, backends: Backends, ports: Ports, public_url: str, wishes: Mapping[str, str] | None = None
) -> bool:
    """Write every file (0600), with what the operator has set; True when any of them changed."""
    changed = False
    for process in (*PROCESSES, "operator"):
        path = folder / f"{process}.env"
        own = environment(process, backends, ports, public_url)
        if process in ("intake", "operator"):
            own["WUJI_PHOTO_DIR"] = str(folder.parent / "photos")
        text = as_text(own | for_process(process, wishes or {}))
        if path.exists() and path.read_text() == text:
            continue
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(text)
        changed = True
    return changed
