"""`@door(...)`: an HTTP entrypoint of a nameko service that checks everything before its method is called.

    @door("POST", "/api/v1/reports", summary="Report an issue", body=SubmitReportBody, answer=ReportReceipt,
          status=201, roles=ANYONE)
    def submit(self, call: Call) -> Reply: ...

A method that raises Conflict is called again, on what the other writer left; every error of ours becomes a
problem document; anything else is a bug, and only the log hears what it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from eventlet.event import Event
from marshmallow import Schema, fields
from nameko.extensions import register_entrypoint
from nameko.web.handlers import HttpRequestHandler
from werkzeug.routing import Rule

from shared.accounts import Changes
from shared.config import Config
from shared.entrypoints.providers import rows_of
from shared.kernel.errors import Conflict, Forbidden, Unauthenticated
from shared.security.permission import ROLES, Asker
from shared.security.sessions import COOKIE, Session, Sessions
from shared.security.tokens import Verifier, public_part, subscriber_key
from shared.web.call import ANYONE, SIGNED_IN, Call, Reply
from shared.web.problem import Problem, Refusals
from shared.web.request import Raw, Request
from shared.web.server import DoorServer

__all__ = ["ANYONE", "SIGNED_IN", "Call", "Door", "Raw", "Reply", "door", "doors_of"]

F = TypeVar("F", bound=Callable[..., Any])

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_TRIES = 3
Failed = Callable[[Problem, Request], Reply]
"""What a page's door shows when something went wrong."""


class Door(HttpRequestHandler):  # type: ignore[misc]  # nameko has no types
    """One method of one service behind one address."""

    server = DoorServer()

    def __init__(  # noqa: PLR0913  # a declaration, written with keywords
        self,
        method: str,
        url: str,
        *,
        summary: str,
        body: type[Schema] | None = None,
        query: type[Schema] | None = None,
        answer: type[Schema] | None = None,
        status: int = 200,
        roles: tuple[str, ...] = SIGNED_IN,
        description: str = "",
        media: str = "application/json",
        many: bool = False,
        forms: bool = False,
        takes: Raw | None = None,
        refusals: Refusals | None = None,
        failed: Failed | None = None,
        described: bool = True,
    ) -> None:
        super().__init__(method, url)
        self.summary = summary
        self.description = description
        self.body = body
        self.query = query
        self.answer = answer
        self.many = many
        self.status = status
        self.media = media
        self.roles = _checked(roles)
        self.forms = forms
        self.takes = takes
        self.refusals = refusals
        self.failed = failed
        self.described = described
        # Made once: a schema object costs more than a request may.
        self._body_schema = body() if body is not None else None
        self._query_schema = query() if query is not None else None
        self._lists = _list_fields(self._query_schema)

    @property
    def label(self) -> str:
        """What logs and metrics call this door."""
        return f"{self.method} {self.url}"

    @property
    def is_public(self) -> bool:
        return self.roles == ANYONE

    def get_url_rule(self) -> Rule:
        return Rule(self.url, methods=[self.method])

    def stop(self) -> None:
        # Nobody new may come in, and the last guests are served while everything they need is still there.
        self.server.close_doors()
        self.server.wait_until_served()
        super().stop()

    def answer_to(self, request: Request, values: dict[str, Any]) -> Reply:
        """Check the request, call the method, give its reply. Raises what the method raises, and Invalid,
        Unauthenticated, Forbidden for what was wrong with the request itself."""
        session = request.session = self._session(request)
        asker = self._asker(request, session)
        key = request.idempotency_key() if self.method in _WRITES else None
        if self.takes is not None:
            request.content(self.takes)
        call = Call(
            at=request.at,
            query=request.query(self._query_schema, self._lists),
            body=request.body(self._body_schema, forms=self.forms),
            raw=request.raw,
            path=values,
            asker=asker,
            session=session,
            cookies=request.cookies,
            address=request.address,
            idempotency_key=key if key is None else self._widened(key, asker),
            headers=request.headers,
            traceparent=request.traceparent,
            notes=request.notes,
        )
        if self.method in _WRITES:
            self._refuse_forged(request, session)
        if key is not None:
            call.request_hash = request.fingerprint()
        request.received()
        reply = self._tried(call)
        while reply.wait is not None:
            # Nobody is kept from stopping by somebody who waits for news.
            request.streams()
            reply.wait()
            reply = self._tried(call)
        return reply

    def _tried(self, call: Call) -> Reply:
        with self.server.place_for_a_worker():
            for _ in range(_TRIES - 1):
                try:
                    return self._call(call)
                except Conflict:
                    continue
            return self._call(call)

    def _call(self, call: Call) -> Reply:
        done = Event()

        def finished(_context: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            done.send((result, exc_info[1] if exc_info else None))
            return result, exc_info

        self.container.spawn_worker(self, (call,), {}, handle_result=finished)
        result, error = done.wait()
        if error is not None:
            raise error
        if not isinstance(result, Reply):
            raise TypeError(f"{self.method_name} answered a {type(result).__name__}, not a Reply")
        return result

    def _session(self, request: Request) -> Session | None:
        """The browser's session. A bearer token goes before it; a cookie that is no good counts for nothing, nor does
        one of an account that was disabled or changed since."""
        cookie = request.cookies.get(COOKIE)
        if not cookie or self.server.sessions is None or request.environ.get("HTTP_AUTHORIZATION") is not None:
            return None
        try:
            found = self.server.sessions.read(cookie)
        except Unauthenticated:
            return None
        changes = self.server.changes
        return None if changes is not None and changes.is_void(found, request.at) else found

    def _asker(self, request: Request, session: Session | None) -> Asker | None:
        token = request.bearer()
        if token is not None:
            asker = self.server.verifier.verify(token)
            if self.server.changes is not None:
                self.server.changes.check(asker, request.at)
        elif session is not None and not session.must_change:
            asker = session.asker
        elif self.is_public:
            return None
        else:
            raise Unauthenticated("this needs somebody who is signed in", hint="send Authorization: Bearer <token>")
        if self.roles not in (ANYONE, SIGNED_IN) and asker.role not in self.roles:
            raise Forbidden(
                f"您的角色不能打开这里 / a {asker.role} may not do this; it takes {' or '.join(self.roles)}"
            )
        return asker

    def _refuse_forged(self, request: Request, session: Session | None) -> None:
        """Another site's page can make a browser send its cookie along; it cannot know the form token."""
        if session is not None and not session.allows(request.form_token):
            raise Forbidden("the form does not come from a page of ours, or is too old", hint="load the page again")
        if self.failed is not None and session is None and request.is_foreign:
            raise Forbidden("another site sent this form")

    def _widened(self, key: str, asker: Asker | None) -> str:
        return f"{self.container.service_name}:{asker.id if asker else 'anonymous'}:{self.method_name}:{key}"


def door(method: str, url: str, *, summary: str, **options: Any) -> Callable[[F], F]:
    """Open a door to the decorated method.

    `body` and `query` are marshmallow Schema classes that are loaded from what comes in; `answer` is the Schema class
    that documents the reply (`many=True`: a list of it); `roles` are who may knock: ANYONE, SIGNED_IN or names from
    `shared.security.permission.ROLES`; `media` is the reply's type when it is not JSON, and `takes` the files that are
    taken instead of JSON: they are in `Call.raw`. A door that another standard has drawn takes HTML forms (`forms`),
    refuses in its own way (`refusals`), and is left out of our OpenAPI document (`described=False`). Pages are opened
    by `shared.pages.page`. The method gets a Call and gives a Reply.
    """

    def open_door(function: F) -> F:
        register_entrypoint(function, Door(method, url, summary=summary, **options))
        return function

    return open_door


def doors_of(service: type) -> list[tuple[str, Door]]:
    """(method name, door) of every door of a service class, in order of address."""
    found = []
    for name in dir(service):
        for entrypoint in getattr(getattr(service, name), "nameko_entrypoints", ()):
            if isinstance(entrypoint, Door):
                found.append((name, entrypoint))
    return sorted(found, key=lambda pair: (pair[1].url, pair[1].method))


def verifier_of(config: Config) -> Verifier:
    """Who we believe: the issuer's JWKS when there is one, else the municipality's own key; subscribers where we know
    their key."""
    if (path := config.jwks_file) is not None:
        found = Verifier.of_jwks(
            path, issuer=config.get("WUJI_TOKEN_ISSUER"), audience=config.get("WUJI_TOKEN_AUDIENCE")
        )
    else:
        found = Verifier.of_key(config.token_public_key)
    if config.get("WUJI_SUBSCRIPTION_KEY"):
        found.trust_subscribers(public_part(subscriber_key(config.subscription_key)))
    return found


def changes_of(container: Any) -> Changes | None:
    """Whose session counts no more, as the service's tables know. None for what has no database."""
    config: Config = container.config["wuji"]
    has_rows = container.config.get("wuji.rows") is not None or config.get("DATABASE_URL") is not None
    return Changes(rows_of(container)) if has_rows else None


def sessions_of(config: Config) -> Sessions | None:
    """How browsers' sessions are read: by the municipality's own key, whoever issues bearer tokens. None without it."""
    key = config.get("WUJI_TOKEN_PUBLIC_KEY")
    return Sessions(key) if key else None


def _checked(roles: tuple[str, ...]) -> tuple[str, ...]:
    if roles not in (ANYONE, SIGNED_IN) and (unknown := set(roles) - ROLES):
        raise TypeError(f"no such roles: {', '.join(sorted(unknown))}")
    return tuple(roles)


def _list_fields(schema: Schema | None) -> frozenset[str]:
    if schema is None:
        return frozenset()
    return frozenset(
        field.data_key or name for name, field in schema.fields.items() if isinstance(field, fields.List | fields.Tuple)
    )
