"""Dispatch and survey as processes on real servers, and the test in the place of everybody else around them."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import jsonschema
import pika
import requests

from services.dispatch.domain.lines import RulebookEvent, stream_of
from services.dispatch.projections import PROJECTIONS as DISPATCH_PROJECTIONS
from services.dispatch.service import DispatchService
from services.survey.projections import PROJECTIONS as SURVEY_PROJECTIONS
from services.survey.service import SurveyService
from shared.contracts import message
from shared.contracts.check import CheckFailed, CheckPassed, CheckRequested
from shared.contracts.envelope import Actor
from shared.handling import Cause, begin
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.ids import derived_id
from shared.postgres.read import read_feed
from shared.projections.process import connect_as
from shared.projections.reading import PostgresFeed
from shared.projections.runner import Runner
from shared.security import tokens
from shared.web.openapi import document
from tests.support.broker import Vhost
from tests.support.cases import COMMUNITY, DISTRICT, LINES, accepted
from tests.support.database import Database
from tests.support.process import Service, wait_for

GRID, INTAKE = Actor("v.qian", "supervisor"), Actor("a.wang", "acceptor")
_UNNUMBERED = "SELECT (SELECT count(*) FROM es.events) - (SELECT count(*) FROM es.feed)"


@dataclass
class Bench:
    """Two services, and the test in the place of everybody else."""

    database: Database
    vhost: Vhost
    services: dict[str, Service]
    key: str
    published: int = 0

    def __post_init__(self) -> None:
        self.logs = {name: self.database.log(name) for name in ("intake", "dispatch", "grid")}
        urls = {name: self.database.url(name) for name in ("dispatch", "survey")}
        self.runner = Runner((*DISPATCH_PROJECTIONS, *SURVEY_PROJECTIONS), connect_as(urls), PostgresFeed())
        assert self.runner.open()
        self.connection = pika.BlockingConnection(pika.URLParameters(self.vhost.admin_url))
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()

    def close(self) -> None:
        self.connection.close()
        self.runner.close()
        for service in self.services.values():
            service.stop(signal.SIGKILL)

    # --- in the place of relay and projector --------------------------------------------------------------------

    def move_on(self, times: int = 1) -> None:
        """Give positions, project, publish; each message as often as asked."""
        # Whatever else runs on the server may hold back the numbering for a moment.
        wait_for(lambda: self.database.settle() == 0 and not self.database.query(_UNNUMBERED)[0][0], 20)
        self.runner.catch_up()
        self.runner.tidy()
        with self.database.connection("relay") as connection, connection.cursor() as cursor:
            found = read_feed(cursor, self.published, 10_000)
        for recorded in found:
            made = message.of(recorded)
            properties = pika.BasicProperties(
                headers=made.headers,
                message_id=made.message_id,
                content_type=made.content_type,
                content_encoding=made.content_encoding,
                delivery_mode=2,
            )
            for _ in range(times):
                self.channel.basic_publish("events", made.routing_key, made.body, properties)
            self.published = recorded.position or self.published

    # --- in the place of other services -------------------------------------------------------------------------

    def load_rulebook(self) -> None:
        for line in LINES:
            self.say(line)

    def say(self, line: RulebookEvent) -> None:
        """Add a line to the rulebook."""
        stream = stream_of(line)
        cause = Cause(actor=Actor("reference", "operator"), at=utc_now())
        begin(self.logs["dispatch"], stream, (line,), cause, area=DISTRICT, correlation_id=derived_id(stream))

    def accept(self, kind: str = "E-01-02", area: Area = COMMUNITY) -> UUID:
        report = accepted(kind)
        cause = Cause(actor=INTAKE, at=utc_now())
        stream = f"report-{report.report_id}"
        begin(self.logs["intake"], stream, (report,), cause, area=area, correlation_id=report.report_id)
        return report.report_id

    def check(self, case_id: UUID, attempt: int, *, passes: bool) -> None:
        check_id = derived_id("check", case_id, attempt)
        asked = CheckRequested(check_id=check_id, case_id=case_id, department="sanitation", attempt=attempt)
        shape = CheckPassed if passes else CheckFailed
        result = shape(check_id=check_id, case_id=case_id, findings="看过了")
        cause = Cause(actor=GRID, at=utc_now())
        begin(self.logs["grid"], f"check-{check_id}", (asked, result), cause, area=COMMUNITY, correlation_id=case_id)

    # --- in the place of people ---------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str | None = None,
        department: str | None = None,
        area: str = "530103",
        who: str | None = None,
    ) -> requests.Response:
        service = self.services["survey" if path.startswith("/api/v1/feedback") else "dispatch"]
        headers = {}
        if role is not None:
            token = tokens.sign(
                self.key,
                subject=who or role,
                role=role,
                area=Area.parse(area),
                department=department,
                ttl=timedelta(hours=1),
            )
            headers["Authorization"] = f"Bearer {token}"
        answer = requests.request(method, service.url(path), json=body, headers=headers, timeout=15)
        _agree(SurveyService if service is self.services.get("survey") else DispatchService, method, path, answer)
        return answer

    def step(self, case_id: UUID, action: str, body: Any = None, **who: Any) -> dict[str, Any]:
        answer = self.call("POST", f"/api/v1/cases/{case_id}/{action}", body or {}, **who)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def case(self, case_id: UUID, **who: Any) -> dict[str, Any]:
        found = self.call("GET", f"/api/v1/cases/{case_id}", role="duty_chief", **who)
        return dict(found.json()) if found.status_code == 200 else {}

    def wait_for_state(self, case_id: UUID, state: str, cleared: bool | None = None) -> dict[str, Any]:
        def there() -> Any:
            found = self.case(case_id)
            right = found.get("state") == state and (cleared is None or found["is_cleared"] is cleared)
            return found if right else None

        return dict(wait_for(there, 40, lambda: str(self.case(case_id))))

    def types(self, stream: str) -> list[str]:
        return [found.type for found in self.logs["dispatch"].stream(stream)]


def _agree(service: type, method: str, path: str, answer: requests.Response) -> None:
    """Every answer is what the service's own OpenAPI document promises."""
    promised = _document(service)
    for template, doors in promised["paths"].items():
        shape = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
        if re.fullmatch(re.sub("{[^}]+}", "[^/]+", shape), path.partition("?")[0]):
            response = doors[method.lower()]["responses"][str(answer.status_code)]
            while "$ref" in response:
                response = promised["components"]["responses"][response["$ref"].rpartition("/")[2]]
            (content,) = response["content"].values()
            schema = {**content["schema"], "components": promised["components"]}
            jsonschema.validate(answer.json(), schema, format_checker=jsonschema.FormatChecker())
            return
    raise AssertionError(f"the document of {service.__name__} does not know {path}")


@cache
def _document(service: type) -> Any:
    return document(service)
