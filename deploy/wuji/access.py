"""How an operator's command reaches the database, the broker and the doors.

A variable of the environment wins; else the local stack's `operator.env` in the run directory is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from deploy.local.environment_file import read
from deploy.local.places import RunDir
from deploy.local.words import say
from shared.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from shared.rabbitmq.management import Management


@dataclass(frozen=True)
class Access:
    """The operator's addresses and keys."""

    values: Mapping[str, str]

    @classmethod
    def find(cls, run: RunDir | None = None) -> Access:
        """The environment, completed by the local stack's file for the operator."""
        path = (run or RunDir.chosen()).env / "operator.env"
        kept = read(path) if path.exists() else {}
        named = {name: value for name, value in os.environ.items() if value}
        if named.get("DATABASE_URL") and path.exists():
            # There DATABASE_URL is the administrator's; the file has the operator's own account on the same server.
            named.pop("DATABASE_URL"), named.pop("AMQP_URL", None)
        return cls({**kept, **named})

    def need(self, name: str) -> str:
        """One value. Raises NotFound saying how to get it."""
        if name not in self.values:
            raise NotFound(
                say(f"没有 {name}:这里还没有启动过服务", f"{name} is not known: nothing was started here"),
                where=name,
                hint=say("先执行 wuji up,或设置该变量", f"run: wuji up, or set {name}"),
            )
        return self.values[name]

    @property
    def public_url(self) -> str:
        """Where people reach the platform."""
        return self.need("WUJI_PUBLIC_URL").rstrip("/")

    @property
    def local_url(self) -> str:
        """Where our own commands do: beside the platform there may be a door without TLS."""
        return (self.values.get("WUJI_LOCAL_URL") or self.public_url).rstrip("/")

    def database_url(self, role: str = "reader") -> str:
        """The address for a role: reader, intake, owner, …"""
        name = "DATABASE_URL" if role == "reader" else f"DATABASE_URL_{role.upper()}"
        return self.need(name)

    @contextmanager
    def database(self, role: str = "reader") -> Iterator[Any]:
        """A cursor of that role, in a transaction that is committed at the end."""
        import psycopg2

        connection = psycopg2.connect(self.database_url(role), connect_timeout=5, application_name="wuji cli")
        try:
            with connection, connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def rows(self, statement: str, parameters: Sequence[Any] = (), *, role: str = "reader") -> list[tuple[Any, ...]]:
        """The answer of one query."""
        with self.database(role) as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    @cached_property
    def management(self) -> Management:
        """The broker's management interface."""
        from shared.rabbitmq.management import Management

        return Management(self.need("RABBITMQ_MANAGEMENT_URL"))

    def token(self, role: str = "reader", *, subject: str = "operator") -> str:
        """A bearer token for one call of ours, valid for minutes."""
        from datetime import timedelta

        from shared.security import tokens

        return tokens.sign(self.need("WUJI_TOKEN_KEY"), subject=subject, role=role, ttl=timedelta(minutes=10))

    def get(self, path: str, *, role: str = "reader", **query: Any) -> Any:
        """One GET at the platform's own HTTP door, with the operator's rights. Raises the error that it answers."""
        return self._call("GET", path, role, params=query)

    def post(self, path: str, body: Any, *, role: str) -> Any:
        """One POST at the platform's own HTTP door. Raises the error that it answers."""
        return self._call("POST", path, role, json=body)

    def put(self, path: str, body: Any, *, role: str) -> Any:
        """One PUT at the platform's own HTTP door. Raises the error that it answers."""
        return self._call("PUT", path, role, json=body)

    def delete(self, path: str, *, role: str) -> Any:
        """One DELETE at the platform's own HTTP door. Raises the error that it answers."""
        return self._call("DELETE", path, role)

    def _call(self, method: str, path: str, role: str, **what: Any) -> Any:
        import requests

        from shared.kernel.errors import Forbidden, Unavailable

        headers = {"Authorization": f"Bearer {self.token(role)}"}
        try:
            answer = requests.request(method, f"{self.local_url}{path}", headers=headers, timeout=30, **what)
        except requests.RequestException as error:
            raise Unavailable(
                say(f"{self.local_url} 没有应答", f"{self.local_url} does not answer"), where="WUJI_PUBLIC_URL"
            ) from error
        if answer.ok:
            return answer.json()
        kinds = {401: Forbidden, 403: Forbidden, 404: NotFound, 503: Unavailable}
        raise kinds.get(answer.status_code, Invalid)(problem_of(answer), where=path)


def problem_of(answer: Any) -> str:
    """What a problem document says, in one line."""
    try:
        found = answer.json()
    except ValueError:
        return f"HTTP {answer.status_code}"
    return str(found.get("detail") or found.get("title") or f"HTTP {answer.status_code}")
