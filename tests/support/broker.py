"""Fixtures of the tests' own broker: a fresh virtual host with the topology, and users that are its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

import pytest

from shared.kernel.ids import new_id
from shared.rabbitmq.drift import apply
from shared.rabbitmq.management import Management
from shared.rabbitmq.names import LADDER, SERVICES, Rung
from shared.rabbitmq.topology import Listening, Reaction, Topology, topology
from tests.support.servers import Servers

ROLES = (*SERVICES, "relay", "projector", "operator")


@dataclass
class Vhost:
    """One virtual host of the test's own."""

    name: str
    topology: Topology
    management: Management
    servers: Servers
    passwords: dict[str, str] = field(repr=False)

    def url(self, role: str) -> str:
        """The AMQP address for a role: `dispatch`, `relay`, `projector`, `operator`, …"""
        return self._address(f"{self.name}_{role}", self.passwords[role])

    @property
    def admin_url(self) -> str:
        """The AMQP address of the administrator, who may do everything here."""
        parts = urlsplit(self.servers.amqp_url)
        return self._address(parts.username or "guest", parts.password or "guest")

    @property
    def admin(self) -> str:
        """The same as `admin_url`."""
        return self.admin_url

    def _address(self, user: str, password: str) -> str:
        parts = urlsplit(self.servers.amqp_url)
        host = parts.netloc.rpartition("@")[2]
        netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"
        return urlunsplit((parts.scheme, netloc, "/" + quote(self.name, safe=""), "", ""))

    def apply(self) -> None:
        """Import the topology (again)."""
        apply(self.topology, self.management)

    def delete(self) -> None:
        """Take the virtual host and its users away."""
        self.management.delete("vhosts", self.name)
        for user in self.topology.passwords:
            self.management.delete("users", user)


def make_vhost(servers: Servers, reactions: tuple[Listening, ...], ladder: tuple[Rung, ...] = LADDER) -> Vhost:
    """A fresh virtual host with the topology of these reactions; the caller deletes it."""
    name = f"test_{new_id().hex}"
    passwords = {role: f"{role}-{new_id().hex}" for role in ROLES}
    administrator = urlsplit(servers.amqp_url).username or "guest"
    made = topology(reactions, passwords, vhost=name, prefix=f"{name}_", administrator=administrator, ladder=ladder)
    found = Vhost(name, made, Management(servers.management_url), servers, passwords)
    found.apply()
    return found


@pytest.fixture
def reactions() -> tuple[Listening, ...]:
    """The reactions that the virtual host has queues for; a test module may override it."""
    return (
        Reaction("dispatch.file_report", ("report.accepted",)),
        Reaction("grid.request_check", ("case.sent_to_check",)),
        Reaction("notify.tell_reporter", ("report.accepted", "report.rejected", "case.closed")),
    )


@pytest.fixture
def ladder() -> tuple[Rung, ...]:
    """The waits of the retry ladder; a test module may shorten them."""
    return LADDER


@pytest.fixture
def vhost(servers: Servers, reactions: tuple[Listening, ...], ladder: tuple[Rung, ...]) -> Iterator[Vhost]:
    """A fresh virtual host with the topology."""
    made = make_vhost(servers, reactions, ladder)
    yield made
    made.delete()
