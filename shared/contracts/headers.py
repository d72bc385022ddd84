"""The headers of a public message: what each one is called, holds and means, for documents and for checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_UUID: dict[str, Any] = {"type": "string", "format": "uuid"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_DAY: dict[str, Any] = {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True)
class Header:
    """One header; its value is always a string."""

    name: str
    zh: str
    en: str
    example: str
    shape: dict[str, Any] = field(default_factory=lambda: dict(_TEXT))
    always: bool = True


HEADERS: tuple[Header, ...] = (
    Header("ce-specversion", "规范版本", "CloudEvents version.", "1.0", {"type": "string", "const": "1.0"}),
    Header(
        "ce-id",
        "事件编号",
        "The event's own id. It stays the same however often the message is sent: remember it, and a repeated "
        "message changes nothing.",
        "0190b0a0-7c1e-7f3a-9d52-0f6a8c1b2d10",
        _UUID,
    ),
    Header("ce-type", "事件类型", "Event type with its version.", "case.dispatched.v1"),
    Header("ce-source", "来源服务", "The service that wrote the event.", "urn:wuji:dispatch"),
    Header(
        "ce-subject",
        "事件流",
        "The stream: category and id. Events of one stream arrive in order.",
        "case-97b97aad-bfab-56cb-ba58-c03a34f3e345",
    ),
    Header("ce-time", "发生时间", "When it happened in the street.", "2026-05-03T01:30:00+00:00", _TIME),
    Header("ce-recordedtime", "入库时间", "When the platform learned it.", "2026-05-03T01:30:00.412+00:00", _TIME),
    Header(
        "ce-sequence",
        "位置",
        "The position in the whole log, 20 digits: it only grows, and texts sort as numbers do.",
        "00000000000000184203",
        {"type": "string", "pattern": "^[0-9]{20}$"},
    ),
    Header("ce-streamversion", "流内版本", "The place in its stream, from 1, without a gap.", "4"),
    Header(
        "ce-partitionkey", "分区键", "The same for everything about one issue.", "97b97aad-bfab-56cb-ba58-c03a34f3e345"
    ),
    Header(
        "ce-correlationid",
        "事项编号",
        "The issue that this is about: its whole life, across streams, carries one id.",
        "97b97aad-bfab-56cb-ba58-c03a34f3e345",
        _UUID,
    ),
    Header(
        "ce-causationid",
        "起因事件",
        "The event that this one answers.",
        "0190b0a0-7c1d-7a51-8c3e-2b7f4d9e6a01",
        _UUID,
        always=False,
    ),
    Header("ce-area", "区域", "The area path that was valid when it happened.", "530103.003.007"),
    Header(
        "ce-routingkey",
        "路由键",
        "The event type and the five tiers of the area, for a topic exchange of your own.",
        "case.dispatched.530103.003.007.-.-",
    ),
    Header(
        "ce-origin",
        "来历",
        "`live`, or `import` for history that was brought in.",
        "live",
        {"type": "string", "enum": ["live", "import"]},
    ),
    Header(
        "ce-actor",
        "角色",
        "Who caused it, as JSON: the role and the department; the name only of a service. Never a person.",
        '{"role":"dispatcher","department":"urban"}',
    ),
    Header("ce-dataschema", "数据模式", "The name of the body's JSON Schema.", "urn:wuji:schema:case.dispatched:1"),
    Header("wuji-digest", "校验", "CRC-32 of the body's bytes, in hexadecimal.", "8c736521"),
    Header(
        "ce-traceparent",
        "链路",
        "W3C trace context of the request behind it.",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        always=False,
    ),
    Header(
        "traceparent",
        "链路",
        "The same, where tracing libraries look for it.",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        always=False,
    ),
    Header(
        "ce-deprecatedsince",
        "弃用起始",
        "Only on a superseded version: since when a newer one is published.",
        "2026-09-01",
        _DAY,
        always=False,
    ),
    Header(
        "ce-sunset",
        "停用日期",
        "Only on a superseded version: the first day on which it is not published any more.",
        "2026-12-01",
        _DAY,
        always=False,
    ),
    Header(
        "ce-replay",
        "重放",
        "Only on a message that is sent once more on request: the replay's id.",
        "0190b0a0-9d00-7b11-a2c4-5d6e7f809112",
        always=False,
    ),
)


def schema() -> dict[str, Any]:
    """JSON Schema of all headers of a public message."""
    described = {
        header.name: {**header.shape, "title": header.zh, "description": header.en, "examples": [header.example]}
        for header in HEADERS
    }
    return {"type": "object", "properties": described, "required": [one.name for one in HEADERS if one.always]}
