"""Calls of addresses that others have given us: only where it is allowed, never redirected, never for long.

A name is resolved, the addresses found are checked, and the connection goes to the very address that was checked: a
name that means something else a moment later leads nowhere else.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from shared.kernel.errors import Invalid, Unavailable

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

LONGEST_ANSWER = 8192
"""Bytes of an answer that are read."""
_METADATA = frozenset({ip_address("100.100.100.200"), ip_address("fd00:ec2::254")})
_TRANSLATED = ip_network("64:ff9b::/96")
_REUSED_FOR = 4.0
_RESOLVED_FOR = 60.0


class NotCalled(Unavailable):
    """Nobody answered, or nobody may be asked there."""


@dataclass(frozen=True, slots=True)
class Networks:
    """Where calls may go. Without a list: anywhere but this machine, its neighbours on the link, and metadata."""

    allowed: tuple[Network, ...] = ()

    @classmethod
    def of(cls, texts: Sequence[str]) -> Networks:
        """Raises Invalid for a text that is no network, such as 10.20.0.0/16."""
        try:
            return cls(tuple(ip_network(text.strip()) for text in texts if text.strip()))
        except ValueError as error:
            raise Invalid(f"this is no network: {error}", where="WUJI_WEBHOOK_NETWORKS", hint="10.20.0.0/16") from error

    def permit(self, address: Address) -> bool:
        """Whether a call may go there. What only wraps an IPv4 address is judged as that."""
        if isinstance(address, IPv6Address):
            if address.ipv4_mapped is not None:
                return self.permit(address.ipv4_mapped)
            if address in _TRANSLATED:
                return self.permit(IPv4Address(int(address) & 0xFFFFFFFF))
        if self.allowed:
            return any(address.version == one.version and address in one for one in self.allowed)
        return not (
            address.is_loopback
            or address.is_link_local
            or address.is_multicast
            or address.is_unspecified
            or address.is_reserved
            or address in _METADATA
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    """At most `LONGEST_ANSWER` bytes of it."""


def checked_endpoint(url: str) -> SplitResult:
    """The parts of an address that may be called. Raises Invalid, saying what is wrong with it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid(f"the address cannot be read: {error}", where="endpoint") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise Invalid("the address must be like https://host/path", where="endpoint")
    if parts.username is not None or parts.fragment or not url.isascii() or any(one <= " " for one in url):
        raise Invalid(
            "the address must have no login, no fragment, and no character that is not ASCII", where="endpoint"
        )
    return parts


class Caller:
    """Calls one address, again and again. Used by one thread."""

    def __init__(self, url: str, networks: Networks, *, patience: float = 15.0) -> None:
        """`patience`: seconds for a whole call. Raises Invalid for an address that may not be called at all."""
        self._parts = checked_endpoint(url)
        self._networks = networks
        self._patience = patience
        self._tls = ssl.create_default_context() if self._parts.scheme == "https" else None
        self._path = (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")
        self._connection: _Checked | None = None

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """One call; whatever status comes back is an answer, and redirections are not followed. Raises NotCalled."""
        deadline = time.monotonic() + self._patience
        kept = self._connection is not None and self._connection.is_fresh
        try:
            return self._try(headers, body, deadline)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            self.close()
            # A connection that was kept may have been closed by the other side just now.
            if not kept:
                raise NotCalled(f"the connection was closed: {type(error).__name__}") from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NotCalled(self._said(error, deadline)) from error
        try:
            return self._try(headers, body, deadline)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NotCalled(self._said(error, deadline)) from error

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _said(self, error: Exception, deadline: float) -> str:
        if isinstance(error, TimeoutError) or time.monotonic() >= deadline:
            return f"no answer within {self._patience:.0f} s"
        return f"{type(error).__name__}: {error}"[:300]

    def _try(self, headers: Mapping[str, str], body: bytes, deadline: float) -> Answer:
        connection = self._open(deadline)
        watch = threading.Timer(max(0.0, deadline - time.monotonic()), connection.cut)
        watch.daemon = True
        watch.start()
        try:
            host = self._parts.netloc.rpartition("@")[2]
            connection.request("POST", self._path, body=body, headers={"Host": host, **headers})
            answer = connection.getresponse()
            found = answer.read(LONGEST_ANSWER)
            if not answer.isclosed() or answer.will_close:
                self.close()
            else:
                connection.used_at = time.monotonic()
            if time.monotonic() >= deadline:
                raise TimeoutError
            return Answer(answer.status, found)
        finally:
            watch.cancel()

    def _open(self, deadline: float) -> _Checked:
        if self._connection is not None and self._connection.is_fresh:
            return self._connection
        self.close()
        host, port = self._parts.hostname or "", self._parts.port or (443 if self._tls else 80)
        left = max(0.1, deadline - time.monotonic())
        self._connection = _Checked(host, port, self._resolve(host, port), self._tls, left)
        self._connection.connect()
        return self._connection

    def _resolve(self, host: str, port: int) -> str:
        """An address that may be called."""
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise NotCalled(f"{host[:80]} is no name of a host") from error
        found = {str(one[4][0]).partition("%")[0] for one in answers}
        permitted = sorted(one for one in found if self._networks.permit(ip_address(one)))
        if not permitted:
            raise NotCalled(f"{host} is at {', '.join(sorted(found))[:100]}, where webhooks may not go")
        return permitted[0]


class _Checked(http.client.HTTPConnection):
    """A connection to one address, under the name that it was found by."""

    def __init__(self, host: str, port: int, address: str, tls: ssl.SSLContext | None, patience: float) -> None:
        super().__init__(host, port, timeout=patience)
        self._address = address
        self._tls = tls
        self._patience = patience
        self._opened_at = self.used_at = time.monotonic()

    @property
    def is_fresh(self) -> bool:
        """Whether it may be used once more: silent connections are closed by others, and names move."""
        now = time.monotonic()
        return self.sock is not None and now - self.used_at < _REUSED_FOR and now - self._opened_at < _RESOLVED_FOR

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self._patience)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """The time is up: whoever reads from it reads its end."""
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return
