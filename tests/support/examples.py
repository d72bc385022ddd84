"""One realistic example of every event type, built the same way every time: golden files and other tests use them."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from shared.contracts import catalogue, codec
from shared.contracts.demand import Channel
from shared.contracts.shapes import Limit, Point, Unit
from shared.kernel.ids import derived_id

_BY_NAME: dict[str, Any] = {
    "number": "20260503530103000017",
    "issue_type": "E-01-02",
    "title": "文艺路口垃圾堆了三天",
    "words": "文艺路口的垃圾桶三天没有清运，请联系[电话]。",
    "place": "文艺路 12 号门前",
    "department": "sanitation",
    "believed_responsible": "urban_management",
    "co_handlers": ("urban_management",),
    "informed": ("community",),
    "legal_basis": "《城市市容和环境卫生管理条例》",
    "over": ("530103.003.008",),
    "month": "2026-05",
    "area": "530103.003",
    "path": "530103.003.007",
    "community": "530103.003.007",
    "covers": ("530103.003.007.001",),
    "rule": "E-01@530103",
    "because": "市容环境类在盘龙区由环卫负责",
    "due_because": "5 工作时，自 5 月 6 日 09:00 起",
    "windows": ("09:00-12:00", "13:00-17:00"),
    "half_day_windows": ("09:00-12:00",),
    "cutoff": "17:00",
    "zone": "Asia/Shanghai",
    "scope": ("530103.003",),
    "communities": ("530103.003.007", "530103.003.008"),
    "missing": ("530103.003.008",),
    "matter": "高龄老人津贴年度核查",
    "form": "高龄老人台账",
    "fields": ("姓名", "年龄", "是否健在"),
    "values": {"number": "20260503530103000017"},
    "evidence": ("photo:6f1c",),
    "keywords": ("垃圾", "清运"),
    "external_number": "12345-20260503-0871",
    "answer": "已清运，桶边已冲洗，并加派每日两次巡查。",
    "findings": "到现场看过：垃圾已清运，桶边干净。",
    "reason": "桶内已清空，但桶边仍有散落垃圾。",
    "reason_code": "not_ours",
    "contact": "sanitation@panlong.example",
    "code": "E-01-02",
    "group": "市容环境",
    "name": "文艺社区",
    "name_en": "Wenyi community",
    "template": "case_closed",
    "channel": "outbox",
    "recipient": "sanitation",
    "receipt": "outbox-8812",
    "person": "worker-0317",
    "grid": "530103003007001",
    "year": 2026,
    "households": 412,
    **dict.fromkeys(("report_id", "case_id", "about"), derived_id("example", "case")),
}
_OF_ONE_TYPE: dict[tuple[str, str], Any] = {
    ("AdmissionDrafted", "legal_basis"): "《高龄津贴发放办法》第九条",
    ("AdmissionDrafted", "already_known"): "户籍信息已有，健在情况须上门核实。",
    ("AdmissionDrafted", "funding"): "每户 5 元，随任务拨付社区。",
    ("AreaBounded", "polygons"): ((((102.71, 25.05), (102.72, 25.05), (102.72, 25.06), (102.71, 25.05)),),),
    ("AreaBounded", "source"): "示意",
    ("AreaBounded", "tolerance"): 0.0,
    ("AreaCreated", "kind"): "社区",
    ("AreaRenamed", "name"): "文艺路社区",
    ("AppointmentEnded", "reason"): "调往另一网格。",
    ("BurdenCapDefined", "fields"): 60,
    ("BurdenReserved", "fields"): 3,
    ("CaseFiled", "policy"): "panlong-2026-1",
    ("CaseLevelRaised", "sponsor"): "530103.003.007",
    ("CaseReopened", "reason"): "同一处又堆满了，上报人不满意。",
    ("DemandBlocked", "fields"): 3,
    ("DemandReportedOutside", "asked_by"): "区环卫站办公室",
    ("DemandReportedOutside", "channel"): Channel.WECHAT,
    ("DemandReportedOutside", "fields"): 3,
    ("DepartmentRegistered", "code"): "sanitation",
    ("DepartmentRegistered", "name"): "环卫",
    ("DepartmentRegistered", "name_en"): "Sanitation",
    ("FeedbackRecorded", "words"): "很快就清理了，谢谢。",
    ("GridDrawn", "code"): "530103003007001",
    ("GridDrawn", "name"): "文艺社区第一网格",
    ("IssueTypeDefined", "name"): "暴露垃圾",
    ("IssueTypeDefined", "name_en"): "Exposed rubbish",
    ("NoticeFailed", "reason"): "the gateway did not answer",
    ("PolicyAdopted", "code"): "panlong-2026-1",
    ("PolicyAdopted", "title"): "盘龙区网格化服务管理规则",
    ("PolicyAdopted", "basis"): "《关于加强基层治理体系和治理能力现代化建设的意见》",
    ("ReportRejected", "reason"): "此处属于物业小区内部，已转告物业。",
    ("ReportVerified", "findings"): "到现场看过，垃圾桶确已满溢。",
    ("SubjectErased", "reason"): "asked for by the person",
    ("TaskReturned", "reason"): "此路段由城管负责清运。",
}


def _value(shape: type, name: str, annotation: Any) -> Any:
    inner, _ = codec.without_none(annotation)
    if (shape.__name__, name) in _OF_ONE_TYPE:
        return _OF_ONE_TYPE[shape.__name__, name]
    if name in _BY_NAME:
        return _BY_NAME[name]
    made: dict[Any, Callable[[], Any]] = {
        str: lambda: f"{name} 示例",
        int: lambda: 1,
        float: lambda: 1.5,
        bool: lambda: True,
        UUID: lambda: derived_id("example", name),
        datetime: lambda: datetime(2026, 5, 3, 1, 30, tzinfo=UTC),
        date: lambda: date(2026, 5, 3),
        Point: lambda: Point(lat=25.07, lon=102.73, accuracy=12.0),
        Limit: lambda: Limit(5, Unit.WORKING_HOURS),
    }
    if inner in made:
        return made[inner]()
    if isinstance(inner, type) and issubclass(inner, Enum):
        return next(iter(inner))
    if dataclasses.is_dataclass(inner):
        return example(typing.cast("type", inner))
    if typing.get_origin(inner) is tuple:
        return (_value(shape, name, typing.get_args(inner)[0]),)
    raise TypeError(f"no example for {name}: {annotation}")


def example(shape: type) -> Any:
    """An event of that shape, every field filled in."""
    hints = typing.get_type_hints(shape)
    return shape(**{field.name: _value(shape, field.name, hints[field.name]) for field in dataclasses.fields(shape)})


def all_examples() -> dict[str, Any]:
    """Event name → example, for every current event type."""
    return {name: example(found.shape) for name, found in sorted(catalogue.load().items())}
