"""What people call the things that events name by code: steps, states, tiers, roles, posts, loops. In both languages.

Templates write `{{ case.state|word("state") }}`. A code that nobody has named is shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.kernel.area import Tier
from shared.kernel.case_states import STATES, Step

Names = dict[str, tuple[str, str]]

STEPS: Names = {
    "report": ("采集上报", "Report"),
    "dispatch": ("指挥派遣", "Dispatch"),
    "handle": ("处理反馈", "Handle"),
    "check": ("任务核查", "Check"),
    "close": ("结案归档", "Close"),
    "assess": ("考核评价", "Assess"),
}
_STATES_EN = {
    "reported": "Reported",
    "verifying": "Being verified",
    "self_handled": "Solved on the spot",
    "rejected": "Not accepted",
    "filed": "Filed",
    "dispatched": "Dispatched",
    "returned": "Returned",
    "handling": "Being handled",
    "suspended": "Suspended",
    "responded": "Answered, to be checked",
    "checking": "Being checked",
    "rework": "Rework",
    "closed": "Closed",
    "reopened": "Reopened",
    "archived": "Archived",
    "merged": "Merged",
    "transferred_out": "Transferred out",
}
STATE_NAMES: Names = {
    state.value: (row.zh, _STATES_EN.get(state.value, state.value.replace("_", " ").capitalize()))
    for state, row in STATES.items()
}
TIERS: Names = {
    tier.label: (tier.zh, english)
    for tier, english in zip(Tier, ("District", "Street", "Community", "Group", "Building"), strict=True)
}
ROLES: Names = {
    "acceptor": ("受理员", "Acceptor"),
    "grid_worker": ("网格员", "Grid worker"),
    "supervisor": ("街道监督员", "Street supervisor"),
    "dispatcher": ("派遣员", "Dispatcher"),
    "department": ("部门经办人", "Department clerk"),
    "duty_chief": ("值班长", "Duty chief"),
    "reader": ("查阅人员", "Reader"),
    "operator": ("运维人员", "Operator"),
    "hotline": ("热线座席", "Hotline agent"),
    "window": ("服务窗口", "Service window"),
    "leader": ("分管领导", "Leader"),
    "volunteer": ("志愿者", "Volunteer"),
}
POSTS: Names = {
    "district_inspector": ("区级巡查员", "District inspector"),
    "street_supervisor": ("街道监督员", "Street supervisor"),
    "grid_worker": ("社区网格员", "Grid worker"),
    "grid_lead": ("网格长", "Grid lead"),
    "group_lead": ("居民小组长", "Group lead"),
    "building_head": ("楼栋长", "Building head"),
    "volunteer": ("志愿者", "Volunteer"),
}
LOOPS: Names = {
    "community": ("自循环", "Within the community"),
    "street": ("微循环", "Within the street"),
    "district": ("小循环", "Within the district"),
}
URGENCIES: Names = {"normal": ("一般", "Normal"), "urgent": ("紧急", "Urgent"), "critical": ("特急", "Critical")}
SATISFACTIONS: Names = {
    "satisfied": ("满意", "Satisfied"),
    "fairly_satisfied": ("基本满意", "Fairly satisfied"),
    "unsatisfied": ("不满意", "Not satisfied"),
}
SOURCES: Names = {
    "resident": ("居民", "Resident"),
    "grid_worker": ("网格员", "Grid worker"),
    "hotline": ("热线", "Hotline"),
    "window": ("窗口", "Window"),
    "media": ("媒体", "Media"),
    "superior": ("上级交办", "From above"),
    "device": ("物联感知", "Sensor"),
}
SUSPICIONS: Names = {
    "same_photo": ("处置前后照片相同", "Same photo before and after"),
    "far_photo": ("照片远离案发地", "Photo taken far away"),
    "checker_inside": ("核查人属处置单位", "Checked from inside"),
    "too_fast": ("办理过快", "Too fast"),
    "mass_closing": ("期末突击结案", "Closed in masses at month's end"),
    "suspended_before_due": ("到期前挂账", "Suspended just before due"),
}

KINDS: dict[str, Names] = {
    "step": STEPS,
    "state": STATE_NAMES,
    "tier": TIERS,
    "role": ROLES,
    "post": POSTS,
    "loop": LOOPS,
    "urgency": URGENCIES,
    "satisfaction": SATISFACTIONS,
    "source": SOURCES,
    "suspicion": SUSPICIONS,
}

STEP_ORDER = tuple(step.value for step in Step)


def word(code: Any, kind: str, language: str) -> str:
    """The name of a code of that kind."""
    key = str(getattr(code, "value", code))
    zh, en = KINDS[kind].get(key, (key, key))
    return zh if language == "zh" else en


def filters(language: str) -> dict[str, Callable[..., str]]:
    """The filter `word` in one language."""
    return {"word": lambda code, kind: word(code, kind, language)}
