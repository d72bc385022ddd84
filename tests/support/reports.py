"""Reports as people tell them, and the few tables that the report door looks into, for tests without a database."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.intake import handlers
from services.intake.desk import Desk
from services.intake.domain import Told
from shared.contracts.envelope import Actor
from shared.contracts.report import Source, Urgency
from shared.handling import Cause
from shared.kernel.area import Area
from shared.photos import Size
from shared.ports import EventLog
from shared.security.permission import Asker
from shared.security.sealing import Sealer

AT = datetime(2026, 5, 3, 1, 30, tzinfo=UTC)
HERE = Area("530103.004.012.003.00007")
ELSEWHERE = Area("530103.005")
ACCEPTOR = Asker("desk-1", "acceptor", Area("530103.004"))
STRANGER = Asker("desk-2", "acceptor", ELSEWHERE)


class KnownRows:
    """Answers the three questions of the report door: is the area known, is the kind known, which numbers are free."""

    def __init__(self, *areas: Area, issue_types: Sequence[str] = ("E-01-02",)) -> None:
        self.areas = {area.path for area in areas or (HERE,)}
        self.issue_types = set(issue_types)
        self.asked = 0
        self._next: dict[Any, int] = {}

    def query(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[dict[str, Any]]:
        self.asked += 1
        if isinstance(parameters, Mapping):
            key = (parameters["district"], parameters["day"])
            first = self._next.get(key, 1)
            self._next[key] = first + parameters["size"]
            return [{"first": first}]
        known = self.areas if "areas" in statement else self.issue_types
        return [{"known": 1}] if parameters[0] in known else []

    def execute(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> int:
        raise AssertionError(f"the report door writes through the log only, not {statement} with {parameters}")


class KnownPhotos:
    """A store that has every photo one asks for, or none."""

    def __init__(self, knows: bool = True) -> None:
        self.knows = knows

    def put(self, sha256: str, size: Size, content: bytes) -> None:
        raise AssertionError(f"nobody sends a photo here, but {sha256} came, {size}, {len(content)} bytes")

    def get(self, _sha256: str, _size: Size) -> bytes | None:
        return None

    def exists(self, _sha256: str) -> bool:
        return self.knows


def desk(rows: KnownRows | None = None, photos: KnownPhotos | None = None) -> Desk:
    """A desk with keys of its own."""
    return Desk(rows or KnownRows(), Sealer(os.urandom(32)), os.urandom(32), "https://wuji.example/", photos)


def told(**changes: Any) -> Told:
    """A resident's report, with changes."""
    said = Told(
        area=HERE,
        source=Source.RESIDENT,
        issue_type="E-01-02",
        urgency=Urgency.NORMAL,
        title="楼下飞线充电",
        words="王大妈家楼下有人从五楼拉线给电动车充电，请联系 13888886666。",
        place="3 栋 1 单元",
        point=None,
        name="王大妈",
        phone="13888886666",
        email=None,
        external_number=None,
    )
    return replace(said, **changes)


def cause(key: str | None = None, request: bytes | None = None) -> Cause:
    """Somebody wants something now."""
    return Cause(actor=Actor("desk-1", "acceptor"), at=AT, idempotency_key=key, request_hash=request)


def look_and_accept(log: EventLog, report_id: UUID) -> None:
    """Somebody was on site, as is due to what the public says; then the desk accepts."""
    handlers.request_verification(log, report_id, ACCEPTOR, cause())
    handlers.verify(log, report_id, handlers.Seen(True, "属实"), ACCEPTOR, cause())
    handlers.accept(log, lambda _: False, report_id, ACCEPTOR, cause())
