"""The database and the broker that the stack uses: its own private ones, or those that the environment names.

With DATABASE_URL and AMQP_URL set these are an administrator's addresses of servers that somebody else runs: they are
used, and neither started nor stopped.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from deploy.local.credentials import Credentials
from deploy.local.servers import Servers
from deploy.local.words import say
from shared.kernel.errors import Invalid
from shared.rabbitmq.names import VHOST
from shared.rabbitmq.partners import Names

DATABASE = "wuji"
PREFIX = "wuji_"
"""Every account of ours, in the database and on the broker, is called `wuji_<role>`."""


@dataclass(frozen=True)
class Backends:
    """An administrator's addresses, and from them everybody else's."""

    admin_database_url: str
    admin_amqp_url: str
    management_url: str
    credentials: Credentials
    private: bool

    @property
    def vhost(self) -> str:
        return unquote(urlsplit(self.admin_amqp_url).path[1:]) or VHOST

    @property
    def database(self) -> str:
        return unquote(urlsplit(self.admin_database_url).path[1:])

    @property
    def amqp_administrator(self) -> str:
        return unquote(urlsplit(self.admin_amqp_url).username or "guest")

    def database_url(self, account: str) -> str:
        """The address for one of our own roles: intake, relay, reader, …"""
        return with_login(self.admin_database_url, PREFIX + account, self.credentials.database(account))

    def amqp_url(self, account: str, vhost: str | None = None) -> str:
        """The address for one of our own users on the broker, in the city's virtual host or another."""
        url = with_login(self.admin_amqp_url, PREFIX + account, self.credentials.broker(account))
        return url if vhost is None else urlsplit(url)._replace(path="/" + quote(vhost, safe="")).geturl()

    def counting_url(self, account: str) -> str:
        """The management interface for one of our own users, who sees the counts of queues and may change nothing."""
        return with_login(self.management_url, PREFIX + account, self.credentials.broker(account))

    @property
    def partners(self) -> Names:
        """What things are called in the departments' virtual host."""
        return Names.beside(self.vhost)

    @property
    def partners_url(self) -> str:
        """The departments' virtual host, without login."""
        parts = urlsplit(self.admin_amqp_url)
        host, path = parts.netloc.rpartition("@")[2], "/" + quote(self.partners.vhost, safe="")
        return urlunsplit((parts.scheme, host, path, parts.query, ""))


def with_login(url: str, user: str, password: str) -> str:
    """The same address for another user."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))


def without_password(url: str) -> str:
    """The address as people may see it."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, f"{login.partition(':')[0]}{at}{host}", parts.path, "", ""))


def private(servers: Servers, credentials: Credentials) -> Backends:
    """The stack's own servers."""
    return Backends(
        servers.postgres.url(DATABASE),
        servers.rabbitmq.amqp_url(VHOST),
        servers.rabbitmq.management_url(),
        credentials,
        private=True,
    )


def named(environment: Mapping[str, str] = os.environ) -> tuple[str, str, str] | None:
    """The servers that the environment names: database, broker and management interface; None when it names none.

    Raises Invalid when it names only one of them, or something that is no address.
    """
    database, amqp = environment.get("DATABASE_URL"), environment.get("AMQP_URL")
    if not database and not amqp:
        return None
    if not database or not amqp:
        missing = "AMQP_URL" if database else "DATABASE_URL"
        raise Invalid(
            say(f"只设置了一个服务器,还缺 {missing}", f"only one server is named: {missing} is missing"),
            where=missing,
            hint=say("两个都设置，或都不设置", "set both, or neither"),
        )
    check("DATABASE_URL", database, ("postgresql", "postgres"), "postgresql://postgres:secret@127.0.0.1:5432/wuji")
    check("AMQP_URL", amqp, ("amqp", "amqps"), "amqp://admin:secret@127.0.0.1:5672/wuji")
    return database, amqp, environment.get("RABBITMQ_MANAGEMENT_URL") or guess_management(amqp)


def external(found: tuple[str, str, str], credentials: Credentials) -> Backends:
    """Somebody else's servers."""
    return Backends(*found, credentials, private=False)


def check(name: str, url: str, schemes: tuple[str, ...], example: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname or not parts.path.strip("/"):
        raise Invalid(
            say(f"{name} 不是完整地址", f"{name} is no complete address"),
            where=name,
            hint=say(f"例如 {example}", f"for example {example}"),
        )


def guess_management(amqp: str) -> str:
    """RabbitMQ's management interface with the same login, on its standard port."""
    parts = urlsplit(amqp)
    login = parts.netloc.rpartition("@")[0]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"http://{login}@{host}:15672" if login else f"http://{host}:15672"
