"""Many volunteers at once, over HTTP on a real PostgreSQL: one has the task, and nobody has more than allowed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import requests

from services.dispatch.domain.lines import stream_of
from services.dispatch.handlers import pool
from services.dispatch.projections import PROJECTIONS
from services.dispatch.reactions import file_report
from services.dispatch.service import DispatchService
from shared.contracts.envelope import Actor
from shared.entrypoints.on import ReactionSpec, reactions_of
from shared.handling import Cause, begin
from shared.kernel.clock import utc_now
from shared.kernel.ids import derived_id
from shared.postgres import PostgresLog
from shared.security import tokens
from tests.support.broker import Vhost
from tests.support.cases import (
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    LINES,
    RULEBOOK,
    FixedRulebooks,
    accepted,
    cause,
    recorded,
)
from tests.support.database import Database
from tests.support.process import Service
from tests.support.projected import project

pytestmark = pytest.mark.integration
AT_ONCE = 12


@dataclass
class Town:
    """Dispatch as a process, and volunteers with tokens."""

    database: Database
    log: PostgresLog
    service: Service
    key: str

    def offered(self) -> UUID:
        event, at = accepted("E-09-01"), utc_now()
        heard = recorded(event)
        file_report(heard, self.log, FixedRulebooks(), consumer="dispatch.file_report", at=at)
        pool.offer(self.log, RULEBOOK, event.report_id, DISPATCHER, cause(DISPATCHER, at), what="搬", claim_hours=None)
        return event.report_id

    def call(self, method: str, path: str, who: str, body: object = None) -> requests.Response:
        token = tokens.sign(self.key, subject=who, role="volunteer", area=DISTRICT, ttl=timedelta(hours=1))
        url = self.service.url(path)
        return requests.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def claim(self, case_id: UUID, who: str) -> requests.Response:
        return self.call("POST", f"/api/v1/cases/{case_id}/claim", who, {})

    def claims_of(self, case_id: UUID) -> list[str]:
        return [found.event.claimed_by for found in self.log.stream(f"case-{case_id}") if found.type == "task.claimed"]


@pytest.fixture
def reactions() -> tuple[ReactionSpec, ...]:
    """What the broker is to have queues for."""
    return reactions_of(DispatchService)


@pytest.fixture
def town(database: Database, vhost: Vhost, tmp_path: Path) -> Iterator[Town]:
    key = tokens.new_key()
    log = database.log("dispatch")
    for line in LINES:
        stream = stream_of(line)
        said = Cause(actor=Actor("reference", "operator"), at=utc_now())
        begin(log, stream, (line,), said, area=DISTRICT, correlation_id=derived_id(stream))
    project(database, PROJECTIONS)
    environment = {
        "WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(key),
        "DATABASE_URL": database.url("dispatch"),
        "AMQP_URL": vhost.url("dispatch"),
        "WUJI_DRAIN_SECONDS": "5",
    }
    service = Service("deploy.wuji.process", tmp_path, environment, ("dispatch",)).start()
    yield Town(database, log, service, key)
    service.stop(signal.SIGKILL)


def test_of_many_volunteers_at_once_one_has_the_task_and_the_others_hear_it(town: Town) -> None:
    case_id = town.offered()
    people = [f"v-{number}" for number in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        answers = list(crowd.map(lambda who: town.claim(case_id, who), people))
    statuses = sorted(answer.status_code for answer in answers)
    refused = {answer.json().get("rule", "conflict") for answer in answers if answer.status_code == 409}

    assert statuses == [200, *[409] * (AT_ONCE - 1)]
    assert refused <= {"task.claimed_already", "conflict"}
    winner = people[[answer.status_code for answer in answers].index(200)]
    assert town.claims_of(case_id) == [winner]


def test_one_volunteer_who_claims_everything_at_once_gets_no_more_than_allowed(town: Town) -> None:
    cases = [town.offered() for _ in range(8)]
    with ThreadPoolExecutor(len(cases)) as hands:
        first = list(hands.map(lambda case_id: town.claim(case_id, "greedy"), cases))
        # Whoever only lost a race with themselves may try again, and meets the limit.
        second = list(hands.map(lambda case_id: town.claim(case_id, "greedy"), cases))
    held = [case_id for case_id in cases if town.claims_of(case_id) == ["greedy"]]

    assert len(held) == 3
    assert sum(answer.status_code == 200 for answer in (*first, *second)) == 3
    assert any(answer.json().get("rule") == "claim.limit_reached" for answer in second)


def test_the_pool_shows_what_is_free_and_what_one_has(town: Town) -> None:
    cases = [town.offered() for _ in range(2)]
    assert town.claim(cases[0], "li").status_code == 200
    project(town.database, PROJECTIONS)
    free = town.call("GET", f"/api/v1/pool?area={COMMUNITY}", "ma").json()["tasks"]
    mine = town.call("GET", "/api/v1/pool?mine=true", "li").json()["tasks"]

    assert [task["case_id"] for task in free] == [str(cases[1])]
    assert [task["case_id"] for task in mine] == [str(cases[0])]
    assert mine[0]["expires_at"] is not None
    assert town.call("POST", f"/api/v1/cases/{cases[0]}/release", "li", {"reason": "有事"}).status_code == 200
