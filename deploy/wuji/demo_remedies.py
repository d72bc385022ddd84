"""What the demonstration shows of remedies and campaigns: a danger that has a plan, one that waits for it, a campaign.

Days count from today, so that a second run, perhaps on another day, first looks whether they are there.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from deploy.wuji.demo_calls import Calls

_WIRES: dict[str, Any] = {
    "kind": "hidden_danger",
    "severity": "general",
    "issue_type": "L-01-09",
    "title": "楼道里飞线充电",
    "words": "三楼拉线到楼下给电动车充电，线皮已破，雨天有触电和起火危险。",
    "area": "530103.001.001",
    "place": "2 栋 3 单元门口",
}
_RAIL: dict[str, Any] = {
    "kind": "hidden_danger",
    "severity": "major",
    "issue_type": "C-02-11",
    "title": "临河护栏松动外倾",
    "words": "约六米护栏底座锈断，向河道外倾，学生上下学从这里走。",
    "area": "530103.004.001",
    "place": "金汁河边，小学门口",
}
_PLAN = {
    "department": "urban",
    "measures": "拆除飞线；楼前空地装十个充电桩；逐户签告知书。",
    "funding": "物业维修资金 3 万元，充电桩由运营企业出资。",
    "interim": "每晚八点巡查，见飞线即断电；楼道备灭火器。",
}
_CAMPAIGN: dict[str, Any] = {
    "title": "市容环境专项整治",
    "purpose": "清理暴露垃圾和占道经营，把路面还给行人。",
    "area": "530103",
    "issue_types": ["E-01", "E-05"],
    "lead": "urban",
    "target": "存量清零；新增两日内办结；结束后一个月复发率不高于开始前。",
}


def bring_in(calls: Calls, today: date) -> None:
    """Put them there, once. Raises Unavailable naming the call that failed."""
    listed = calls.get("/api/v1/remedies?limit=500", "dispatcher")["remedies"]
    known = {one["title"] for one in listed}
    if _RAIL["title"] not in known:
        calls.post("/api/v1/remedies", _RAIL, "remedy:rail", "supervisor")
    if _WIRES["title"] not in known:
        opened = calls.post("/api/v1/remedies", _WIRES, "remedy:wires", "grid_worker")
        plan = {**_PLAN, "due_on": (today + timedelta(days=20)).isoformat()}
        calls.post(f"/api/v1/remedies/{opened['remedy_id']}/plan", plan, f"remedy:wires:plan:{today}", "dispatcher")
    running = calls.get("/api/v1/campaigns?limit=500", "dispatcher")["campaigns"]
    if _CAMPAIGN["title"] not in {one["title"] for one in running}:
        days = {"first_day": today - timedelta(days=10), "last_day": today + timedelta(days=50)}
        body = {**_CAMPAIGN, **{name: day.isoformat() for name, day in days.items()}}
        calls.post("/api/v1/campaigns", body, f"campaign:{today}", "duty_chief")
