"""Where people go: every page that has a place in the menu and on the home page, and who is shown it.

A page worker adds one line here. What somebody may do behind a door, the door decides.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageDoor:
    """One way in."""

    href: str
    name: str
    """Chinese; the English is in `en.po`."""
    what: str
    icon: str
    roles: frozenset[str] = frozenset()
    """Roles that are shown it; empty for everybody, signed in or not."""


STAFF: tuple[PageDoor, ...] = (
    PageDoor(
        "/desk",
        "受理台",
        "等待受理的上报：受理、不予受理、并案、请人核实",
        "inbox",
        frozenset({"acceptor", "duty_chief"}),
    ),
    PageDoor(
        "/work",
        "工作台",
        "轮到我办的事，最紧的排在最前",
        "list-check",
        frozenset({"dispatcher", "department", "duty_chief", "leader", "supervisor", "grid_worker", "volunteer"}),
    ),
    PageDoor(
        "/checks",
        "核查",
        "等我到现场看的处置结果，按时限排列",
        "clipboard-check",
        frozenset({"supervisor", "grid_worker"}),
    ),
    PageDoor(
        "/field",
        "现场",
        "今天要跑的地方、就地解决，没有网络也能用",
        "road",
        frozenset({"grid_worker", "supervisor"}),
    ),
    PageDoor(
        "/remedies",
        "整治",
        "隐患、源头治理和专项行动：定方案、整改、复查、销号，看是否长效",
        "shield-check",
        frozenset({"grid_worker", "supervisor", "dispatcher", "department", "duty_chief", "leader", "reader"}),
    ),
    PageDoor(
        "/responsibilities",
        "权责矩阵",
        "哪类事谁主办、谁协办、知会谁，依据什么法规",
        "table",
        frozenset({"acceptor", "dispatcher", "department", "duty_chief", "leader", "supervisor", "reader"}),
    ),
    PageDoor(
        "/burdens",
        "社区减负",
        "社区这个月被要求了多少，有没有绕过准入",
        "clipboard-list",
        frozenset({"grid_worker", "dispatcher", "department", "duty_chief", "leader", "reader"}),
    ),
    PageDoor(
        "/assessment",
        "考核评价",
        "按街道、部门、网格的各项指标，数字可点开",
        "chart-bar",
        frozenset({"supervisor", "dispatcher", "department", "duty_chief", "leader", "reader", "operator"}),
    ),
    PageDoor(
        "/operations",
        "运行",
        "进程、队列、投影与订阅是否正常，不正常时该做什么",
        "settings",
        frozenset({"operator", "duty_chief"}),
    ),
)
"""Pages of the staff, in the order of the menu; the five-level view and the wall come before and after."""

PUBLIC: tuple[PageDoor, ...] = (PageDoor("/report", "我要上报", "不用注册，一分钟说清楚", "message-report"),)
"""Pages of residents: no account needed."""
