"""Appends to make logs with: small, valid, and telling in a failure message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.contracts.envelope import Actor, Origin
from shared.contracts.report import ReportRejected, ReportVerified
from shared.kernel.area import Area
from shared.kernel.ids import derived_id, new_id
from shared.ports import Append, Happening

BUILDING = Area("530103.004.012.003.00007")
WORKER = Actor("g-0001", "grid_worker", "grid")
NOON = datetime(2026, 5, 3, 4, 0, 0, 123456, tzinfo=UTC)


def found(stream: str, findings: str = "路灯不亮", report_id: UUID | None = None) -> ReportVerified:
    """An event fit for a `report-` stream."""
    return ReportVerified(report_id=report_id or derived_id(stream), found=True, findings=findings)


def rejected(stream: str, reason: str = "不在辖区") -> ReportRejected:
    """Another one."""
    return ReportRejected(report_id=derived_id(stream), reason_code="outside", reason=reason)


def adding(stream: str, expected: int, events: Sequence[object] | None = None, **more: Any) -> Append:
    """An append to the stream: one `report.verified` unless events are given."""
    given = [found(stream)] if events is None else events
    options: dict[str, Any] = {
        "area": BUILDING,
        "actor": WORKER,
        "correlation_id": derived_id("issue", stream),
        "origin": Origin.LIVE,
    }
    happenings = tuple(Happening(event, NOON) for event in given)
    return Append(stream=stream, expected=expected, happenings=happenings, **(options | more))


def new_stream(category: str = "report") -> str:
    """The name of a stream that nobody has used."""
    return f"{category}-{new_id()}"
