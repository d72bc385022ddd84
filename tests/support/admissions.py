"""A department that wants something of communities, and those who decide: for tests of admission."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.dispatch.admissions import decisions, demands, force, handlers
from services.dispatch.admissions.decisions import Narrower
from shared.contracts.admission import DemandKind, Form
from shared.kernel.area import Area
from shared.ports import EventLog
from shared.security.permission import Asker
from tests.support.cases import DISTRICT, RULEBOOK, THURSDAY, cause

CIVIL = Asker("c.liu", "department", DISTRICT, "civil-affairs")
POLICE = Asker("p.ma", "department", DISTRICT, "police")
DISTRICT_CHIEF = Asker("c.zhao", "duty_chief", DISTRICT)
LEADER = Asker("l.fang", "leader", DISTRICT)
STREET_CHIEF = Asker("c.tang", "duty_chief", Area("530103.004"))
WENYI, JINXING, FAR = Area("530103.004.001"), Area("530103.004.002"), Area("530103.005.001")
WENYI_CHIEF = Asker("c.yu", "duty_chief", WENYI)
JINXING_CHIEF = Asker("c.xu", "dispatcher", JINXING)
STREET = Area("530103.004")
ELDERS = Form(form="高龄老人台账", fields=("姓名", "年龄", "是否健在"))


def wish(**changes: Any) -> handlers.Wish:
    """An application that lacks nothing: forms about the old, in one street, for thirty days from now."""
    said: dict[str, Any] = {
        "matter": "高龄津贴年度核查",
        "legal_basis": "《高龄津贴发放办法》第九条",
        "scope": (STREET,),
        "kinds": (DemandKind.FORM, DemandKind.TASK),
        "valid_from": THURSDAY,
        "valid_until": THURSDAY + timedelta(days=30),
        "forms": (ELDERS,),
        "funding": "每户 5 元，随任务拨付",
        "headcount": 1,
        "already_known": "户籍已有，健在情况须上门核实",
    }
    return handlers.Wish(**{**said, **changes})


def demand(*communities: Area, **changes: Any) -> demands.Wish:
    """The form, asked of these communities."""
    said: dict[str, Any] = {
        "kind": DemandKind.FORM,
        "matter": "高龄津贴年度核查",
        "what": "请核实辖区 80 岁以上老人情况",
        "communities": communities or (WENYI,),
        "form": ELDERS.form,
    }
    return demands.Wish(**{**said, **changes})


def applied(log: EventLog, at: datetime = THURSDAY, by: Asker = CIVIL, **changes: Any) -> UUID:
    admission_id = handlers.draft(log, wish(**changes), by, cause(by, at))
    handlers.apply(log, RULEBOOK.calendar, admission_id, by, cause(by, at))
    return admission_id


def approved(log: EventLog, at: datetime = THURSDAY, by: Asker = CIVIL, **changes: Any) -> UUID:
    admission_id = applied(log, at, by, **changes)
    handlers.approve(log, admission_id, Narrower(), "补贴发放在即", DISTRICT_CHIEF, cause(DISTRICT_CHIEF, at))
    return admission_id


def revoked(log: EventLog, admission_id: UUID, at: datetime = THURSDAY) -> None:
    handlers.decide(log, admission_id, decisions.revoke, "任务已并入上级系统", LEADER, cause(LEADER, at))


def state(log: EventLog, admission_id: UUID, at: datetime = THURSDAY) -> str:
    return force.load(log, admission_id).state(at).value
