"""RabbitMQ's management interface, as far as we use it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import requests

from shared.kernel.errors import Forbidden, Invalid, NotFound, Unavailable

_CONNECT, _READ = 3.0, 30.0


class Management:
    """One broker's management interface.

    Every method raises Unavailable when it cannot be reached, Forbidden when the user may not do it, NotFound when
    the thing is not there, and Invalid when the broker refuses what it was sent.
    """

    def __init__(self, url: str) -> None:
        """`url` carries the user: `http://admin:secret@127.0.0.1:15672`. Raises Invalid for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(
                "the address of RabbitMQ's management interface is wrong",
                where="RABBITMQ_MANAGEMENT_URL",
                hint="for example http://user:password@127.0.0.1:15672",
            )
        host = parts.netloc.rpartition("@")[2]
        self._base = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", "")) + "/api"
        self.host = host
        self.user = unquote(parts.username or "guest")
        self._session = requests.Session()
        # Explicit credentials and no look at the environment: a proxy or a .netrc must not stand between us and it.
        self._session.trust_env = False
        self._session.auth = _basic(self.user, unquote(parts.password or "guest"))

    def call(self, method: str, *path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        """One call; the path's segments are quoted here. The answer's JSON, or None where there is none."""
        address = "/".join([self._base, *(quote(segment, safe="") for segment in path)])
        try:
            answer = self._session.request(method, address, json=body, params=query, timeout=(_CONNECT, _READ))
        except requests.RequestException as error:
            raise Unavailable(
                f"RabbitMQ's management interface at {self.host} does not answer ({type(error).__name__}): "
                "is RabbitMQ running, with its plugin rabbitmq_management enabled?"
            ) from error
        self._check(answer, path)
        try:
            return answer.json() if answer.content else None
        except requests.JSONDecodeError as error:
            raise Invalid(f"{self.host} answers no JSON: is it RabbitMQ's management interface?") from error

    def _check(self, answer: requests.Response, path: tuple[str, ...]) -> None:
        what = "/".join(path)
        if answer.status_code == 401:
            raise Forbidden(
                f"RabbitMQ does not let {self.user} read or change {what}",
                where="RABBITMQ_MANAGEMENT_URL",
                hint="check the password; the user needs the tag administrator",
            )
        if answer.status_code == 404:
            raise NotFound(f"RabbitMQ has no {what}")
        if answer.status_code >= 500:
            raise Unavailable(f"RabbitMQ's management interface failed on {what}: {_reason(answer)}")
        if answer.status_code >= 400:
            raise Invalid(f"RabbitMQ refuses {what}: {_reason(answer)}")

    def definitions(self) -> dict[str, Any]:
        """Everything that is defined on the broker, in all virtual hosts."""
        found = self.call("GET", "definitions")
        if not isinstance(found, dict):
            raise Invalid(f"{self.host} answers no definitions: is it RabbitMQ's management interface?")
        # The export of 3.10 leaves out what a virtual host's default queue type is.
        return {**found, "vhosts": self.call("GET", "vhosts")}

    def load(self, definitions: dict[str, Any]) -> None:
        """Add or replace what the document names; everything else stays."""
        self.call("POST", "definitions", body=definitions)

    def put_vhost(self, vhost: str, default_queue_type: str) -> None:
        """Make the virtual host, or set its default queue type: 3.10 wants one spelling, newer brokers the other."""
        body = {"defaultqueuetype": default_queue_type, "default_queue_type": default_queue_type}
        self.call("PUT", "vhosts", vhost, body=body)

    def queues(self, vhost: str) -> list[dict[str, Any]]:
        """The queues of a virtual host with their counts (some seconds old)."""
        return list(self.call("GET", "queues", vhost))

    def connections(self, vhost: str) -> list[dict[str, Any]]:
        """The open connections of a virtual host."""
        return list(self.call("GET", "vhosts", vhost, "connections"))

    def close_connection(self, name: str) -> None:
        """Cut one connection; one that is gone already is no error."""
        try:
            self.call("DELETE", "connections", name)
        except NotFound:
            return

    def delete(self, *path: str) -> None:
        """Delete one thing, such as `("vhosts", name)`; what is gone already is no error."""
        try:
            self.call("DELETE", *path)
        except NotFound:
            return


def _basic(user: str, password: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    token = base64.b64encode(f"{user}:{password}".encode()).decode()

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Basic {token}"
        return request

    return sign


def _reason(answer: requests.Response) -> str:
    try:
        found = answer.json()
    except requests.JSONDecodeError:
        return answer.text[:300]
    return str(found.get("reason", found) if isinstance(found, dict) else found)[:300]
