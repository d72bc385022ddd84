"""Intake with its Open311 doors in a process of its own, in a corner of Panlong whose places have centres."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from services.intake.projections import PROJECTIONS
from shared.contracts.area import AreaCreated
from shared.contracts.case import (
    CaseClearedToClose,
    CaseClosed,
    CaseDispatched,
    CaseFiled,
    CaseSentToCheck,
    Loop,
    TaskResponded,
    TaskReturned,
    TaskSigned,
)
from shared.contracts.envelope import Actor
from shared.contracts.rulebook import DepartmentRegistered, IssueTypeDefined
from shared.contracts.shapes import Limit, Point, Unit
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.ids import derived_id
from shared.ports import Append, EventLog, Happening
from shared.security import tokens
from tests.support.database import Database
from tests.support.examples import example
from tests.support.intake_doors import NO_BROKER, begun
from tests.support.process import Service
from tests.support.projected import project

SCHEMAS = Path(__file__).parents[3] / "shared" / "data" / "open311"
PLACES: dict[str, tuple[str, tuple[float, float] | None]] = {
    "530103": ("盘龙区", (25.12, 102.75)),
    "530103.004": ("联盟街道", (25.07, 102.73)),
    "530103.004.012": ("白龙社区", (25.0700, 102.7300)),
    "530103.004.012.003": ("白龙社区第3居民小组", (25.0710, 102.7310)),
    "530103.004.012.003.00007": ("白龙社区第3居民小组7栋", (25.0711, 102.7311)),
    "530103.004.013": ("金星社区", (25.0800, 102.7400)),
    "530103.005": ("鼓楼街道", (25.05, 102.71)),
    "530103.005.001": ("金星社区", (25.0500, 102.7100)),
    "530103.005.002": ("无名社区", None),
}
HOME = (25.07115, 102.73115)
"""Some metres from building 7."""
DUE = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
_KEY = tokens.new_key()


@dataclass
class Bench:
    """The running service, its database, and a key."""

    service: Service
    database: Database
    key: str = ""
    _logs: dict[str, EventLog] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """What a client is given as its endpoint."""
        return self.service.url("/open311/v2")

    def get(self, path: str, **query: Any) -> requests.Response:
        return requests.get(f"{self.url}{path}", params=query, timeout=20)

    def post(self, data: Any = None, wanted: str = "json", **more: Any) -> requests.Response:
        """A new request as a form; a few fields are filled in, and None takes one away."""
        fields = {"api_key": self.key, "service_code": "E-01-02", "address_id": "530103.004", **(data or {}), **more}
        given = {name: value for name, value in fields.items() if value is not None}
        return requests.post(f"{self.url}/requests.{wanted}", data=given, timeout=20)

    def told(self, **fields: Any) -> str:
        """The number of a new request."""
        answer = self.post(fields)
        assert answer.status_code == 200, answer.text
        return str(answer.json()[0]["service_request_id"])

    def one(self, number: str, **query: Any) -> dict[str, Any]:
        """One request, checked against the schema."""
        answer = self.get(f"/requests/{number}.json", **query)
        assert answer.status_code == 200, answer.text
        conforms(answer.json(), "requests.json")
        (found,) = answer.json()
        return dict(found)

    def staff(self, method: str, path: str, body: Any = None, role: str = "operator") -> requests.Response:
        """A call at our own doors."""
        token = tokens.sign(_KEY, subject=f"{role}-1", role=role, area=None)
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(method, self.service.url(path), json=body, headers=headers, timeout=20)

    def id_of(self, number: str) -> UUID:
        self.project()
        ((found,),) = self.database.query("SELECT report_id FROM intake.reports WHERE number = %s", [number])
        return UUID(str(found))

    def project(self) -> None:
        project(self.database, PROJECTIONS)

    def happens(self, number: str, *events: object) -> None:
        """Events of the case that the report became."""
        case_id = self.id_of(number)
        log = self._logs.setdefault("dispatch", self.database.log("dispatch"))
        stream = f"case-{case_id}"
        for event in events:
            known = len(log.stream(stream))
            if hasattr(event, "case_id"):
                event = replace(event, case_id=case_id)  # type: ignore[type-var]
            _append(log, stream, event, expected=known)
        self.project()

    def accepted(self, number: str) -> None:
        report = f"/api/v1/reports/{self.id_of(number)}"
        self.staff("POST", f"{report}/verification", {}, role="acceptor")
        self.staff("POST", f"{report}/verified", {"found": True, "findings": "属实。"}, role="grid_worker")
        answer = self.staff("POST", f"{report}/accept", {}, role="acceptor")
        assert answer.status_code == 200, answer.text


def dispatched(due: datetime | None = DUE, department: str = "sanitation") -> CaseDispatched:
    """Given to a department."""
    return replace(example(CaseDispatched), department=department, co_handlers=(), due_at=due)


def returned() -> TaskReturned:
    return replace(example(TaskReturned), department="sanitation")


def filed() -> CaseFiled:
    return replace(example(CaseFiled), subject_id=None)


def closed(answer: str = "已清运。") -> tuple[object, ...]:
    """From the department's signature to the end."""
    shapes = (TaskSigned, TaskResponded, CaseSentToCheck, CaseClearedToClose)
    return (*(example(shape) for shape in shapes), replace(example(CaseClosed), answer=answer))


@contextmanager
def running(database: Database, folder: Path) -> Iterator[Bench]:
    """The service on this database, with one program's key."""
    _settle(database)
    project(database, PROJECTIONS)
    service = begun(
        Service(
            "tests.support.real_service",
            folder,
            {
                "WUJI_TEST_SERVICE": "intake",
                "DATABASE_URL": database.url("intake"),
                "AMQP_URL": NO_BROKER,
                "WUJI_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
                "WUJI_LINK_KEY": base64.b64encode(os.urandom(32)).decode(),
                "WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(_KEY),
                "WUJI_PUBLIC_URL": "http://wuji.example",
                "WUJI_PHOTO_DIR": str(folder / "photos"),
            },
        )
    )
    try:
        bench = Bench(service, database)
        bench.key = bench.staff("POST", "/api/v1/api-keys", {"name": "citizen-app"}).json()["key"]
        yield bench
    finally:
        service.stop(signal.SIGKILL)


def conforms(document: Any, schema: str) -> None:
    """Fails when the document breaks the standard's schema; skips the test, saying so, where the schemas are not."""
    if not SCHEMAS.is_dir():
        pytest.skip(f"the schemas of Open311 are not at {SCHEMAS}")
    errors = [f"{list(error.path)}: {error.message}" for error in _validator(schema).iter_errors(document)]
    assert not errors, errors


@cache
def _validator(schema: str) -> Any:
    import json

    parts = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")}
    known = Registry().with_resources(
        [(name, Resource(contents=part, specification=DRAFT4)) for name, part in parts.items()]
    )
    return Draft4Validator(parts[schema], registry=known, format_checker=FormatChecker())


def _settle(database: Database) -> None:
    grid, dispatch = database.log("grid"), database.log("dispatch")
    for path, (name, centre) in PLACES.items():
        point = None if centre is None else Point(lat=centre[0], lon=centre[1])
        _append(grid, f"area-{path}", AreaCreated(path=path, name=name, kind="", centre=point))
    for code, kind, limit in (("E-01-02", "暴露垃圾", Limit(1, Unit.WORKING_DAYS)), ("E-02-01", "店外经营", None)):
        defined = IssueTypeDefined(
            code=code,
            group="市容环境",
            name=kind,
            name_en="Litter" if limit else "Stalls",
            loop=Loop.COMMUNITY,
            limit=limit,
            needs_verification=False,
            keywords=("垃圾", "清运"),
        )
        _append(dispatch, f"rulebook-issue_type-{code}", defined)
    office = DepartmentRegistered(code="sanitation", name="环卫中心", name_en="Sanitation", contact="env@example.cn")
    _append(dispatch, "rulebook-department-sanitation", office)


def _append(log: EventLog, stream: str, event: object, expected: int = 0) -> None:
    log.append(
        Append(
            stream=stream,
            expected=expected,
            happenings=(Happening(event, utc_now()),),
            area=Area("530103"),
            actor=Actor("operator-1", "operator"),
            correlation_id=derived_id("reference", stream),
        )
    )


def days_ago(days: float) -> str:
    """W3C, as clients write it."""
    return (utc_now() - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
