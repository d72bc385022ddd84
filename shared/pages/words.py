"""What people call the things that events name by code: steps, states, tiers, roles, posts, loops. In both languages.

Templates write `{{ case.state|word("state") }}`. A code that nobody has named is shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.contracts.words import TYPES
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
    "resident": ("居民", "Resident"),
    "timer": ("系统计时", "Our clock"),
    "service": ("系统", "The system"),
}
POSTS: Names = {
    "centre_chief": ("中心主任", "Centre chief"),
    "desk": ("值班席", "Duty desk"),
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

ACTIONS: Names = {
    "dispatch": ("派遣", "Dispatch"),
    "recall": ("撤回派遣", "Take the dispatch back"),
    "sign": ("签收", "Sign"),
    "start": ("开始处置", "Start work"),
    "stages": ("完成阶段", "Complete a stage"),
    "respond": ("反馈", "Answer"),
    "close": ("结案", "Close"),
    "reopen": ("重办", "Reopen"),
    "archive": ("归档", "Archive"),
    "return": ("申请退回", "Ask to return it"),
    "extension": ("申请延期", "Ask for more time"),
    "suspension": ("申请挂账", "Ask to suspend it"),
    "resume": ("恢复", "Resume"),
    "tasks": ("增派协办", "Add a department"),
    "split": ("拆分", "Split"),
    "raise": ("升级", "Raise"),
    "lower": ("下沉", "Lower"),
    "merge": ("并案", "Merge"),
    "unmerge": ("撤销并案", "Undo the merge"),
    "reject": ("作废", "Reject"),
    "transfer-out": ("转外部", "Transfer out"),
    "receipt": ("登记外部回执", "Note the receipt"),
    "offer": ("放入抢单池", "Put into the pool"),
    "claim": ("领单", "Claim"),
    "release": ("退单", "Give it back"),
    "take-back": ("撤出抢单池", "Take out of the pool"),
    "dispute": ("提出权责争议", "Dispute"),
    "whistles": ("吹哨", "Blow the whistle"),
    "approve": ("同意", "Approve"),
    "refuse": ("不同意", "Refuse"),
    "withdraw": ("撤销协办", "Withdraw the task"),
    "adjudicate": ("裁定", "Adjudicate"),
    "answer": ("报到", "Report in"),
    "acknowledge": ("督办签收", "Acknowledge"),
}
STAGES: Names = {
    "accept": ("受理时限", "Accept"),
    "verify": ("核实时限", "Verify"),
    "file": ("立案时限", "File"),
    "dispatch": ("派遣时限", "Dispatch"),
    "sign": ("签收时限", "Sign"),
    "handle": ("处置时限", "Handle"),
    "check": ("核查时限", "Check"),
    "reply": ("回复时限", "Reply"),
    "feedback": ("回访时限", "Feedback"),
    "dispute": ("裁定时限", "Adjudicate"),
    "whistle": ("报到时限", "Report in"),
    "receipt": ("外部回执时限", "Outside receipt"),
    "review": ("挂账复核日", "Review of the suspension"),
}
REQUESTS: Names = {
    "return.requested": ("申请退回", "Asks to return it"),
    "extension.requested": ("申请延期", "Asks for more time"),
    "suspension.requested": ("申请挂账", "Asks to suspend it"),
}
JOINED: Names = {
    "co_handler": ("协办", "Helps"),
    "split": ("拆分", "A part"),
    "whistle": ("吹哨", "Summoned"),
}
EVENTS: Names = {name: (zh, name.replace(".", " ").replace("_", " ").capitalize()) for name, zh in TYPES.items()}

KINDS: dict[str, Names] = {
    "action": ACTIONS,
    "stage": STAGES,
    "request": REQUESTS,
    "joined": JOINED,
    "event": EVENTS,
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
