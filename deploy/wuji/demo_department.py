"""The demonstration's department: environmental sanitation hears of its cases on the bus, signs, handles and answers.

Its program (deploy/sdk/examples/sanitation.py) knows of the platform only what any department knows: the package
wuji-events and HTTP. It runs beside the platform's processes, and hears what happens after it has subscribed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deploy.local.places import PROJECT
from deploy.local.progress import Progress
from deploy.local.stack import Stack
from deploy.local.words import say
from deploy.reference.demo import DemoReport
from deploy.wuji.access import Access
from deploy.wuji.demo_calls import Calls, Tokens
from deploy.wuji.demo_script import Story, submit
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.security import tokens

NAME = "demo-department"
"""Of the process, and of its first subscription."""
DEPARTMENT = "sanitation"
DOORS = "/api/v1/subscriptions"
TYPES = ("case.dispatched", "case.dispatch_recalled", "task.added", "case.rework_ordered", "task.signed")
PROGRAM = PROJECT / "deploy" / "sdk" / "examples" / "sanitation.py"
SECONDS = 2
"""That its crew needs for a case."""
_AT_WORK = ("filed", "dispatched", "handling", "responded")

REPORTS = tuple(
    DemoReport(
        key=f"department-{number}",
        source="resident",
        area=area,
        place=place,
        point={"lat": lat, "lon": lon},
        issue_type=issue_type,
        title=title,
        words=words,
        story="accepted",
    )
    for number, (area, place, lat, lon, issue_type, title, words) in enumerate(
        (
            (
                *("530103.004.006.003.00001", "3栋垃圾房旁", 25.10309, 102.70675, "E-01-02"),
                *("垃圾房外面堆了一地", "垃圾桶满了两天没人收，袋子都堆到路上来了，味道很重。"),
            ),
            (
                *("530103.003.002.004.00001", "新迎北区路口", 25.04911, 102.78831, "E-01-04"),
                *("路面洒了一路渣土", "昨晚渣土车过后路面全是泥块，早上骑车的人都绕着走。"),
            ),
            (
                *("530103.003.008.001.00002", "菜市场后门", 25.04513, 102.74102, "E-01-03"),
                *("装修垃圾堆在后门", "装修剩下的砖头和袋子堆了一个星期，挡住了半边门。"),
            ),
        ),
        start=1,
    )
)
"""Brought in when the department listens: nobody but its program signs and answers them."""


@dataclass(frozen=True)
class AtWork:
    """What came of it."""

    subscription: str
    answered: int
    """Cases."""


def start(access: Access, stack: Stack) -> str:
    """Subscribe unless it has, and keep its program running; the subscription's name. Safe to repeat."""
    name = subscribe(access)
    made: dict[str, Any] = access.post(f"{DOORS}/{name}/connection", {}, role="operator")
    stack.supervisor.host(
        NAME,
        [sys.executable, str(PROGRAM)],
        {
            "WUJI_EVENTS_URL": made["connection"]["url"],
            "WUJI_EVENTS_SUBSCRIPTION": name,
            "WUJI_EVENTS_API": access.local_url,
            "WUJI_EVENTS_TOKEN": made["token"],
            "DEPARTMENT": DEPARTMENT,
            "DEPARTMENT_DATABASE": str(stack.run.root / "guests" / f"{NAME}.db"),
            "DEPARTMENT_SECONDS": str(SECONDS),
            "DEPARTMENT_TOKEN": _token(access),
        },
    )
    return name


def subscribe(access: Access, number: int = 1, begin: int | None = None) -> str:
    """The name of a subscription that brings events: the first that was not deleted, made or resumed where need be.

    Names are used once. When an operator has deleted the one before, the next has a number, and begins where the first
    began: the program knows what it has done already, and nothing is missed in between.
    """
    name = NAME if number == 1 else f"{NAME}-{number}"
    try:
        found = access.get(f"{DOORS}/{name}", role="operator")
    except NotFound:
        start = {} if begin is None else {"position": begin}
        wanted = {"types": list(TYPES), "departments": [DEPARTMENT]}
        body = {"name": name, "department": DEPARTMENT, "filter": wanted, "start": start}
        access.post(DOORS, body, role="operator")
        return name
    if found["state"] == "deleted":
        return subscribe(access, number + 1, begin or _created_at(access, found["subscription_id"]))
    if found["state"] != "active":
        access.post(f"{DOORS}/{name}/resume", {}, role="operator")
    return name


def _created_at(access: Access, subscription_id: str) -> int:
    """The position of the event that began it."""
    [(position,)] = access.rows(
        "SELECT f.position FROM es.events e JOIN es.feed f USING (txid, seq) WHERE e.stream = %s AND e.version = 1",
        [f"subscription-{subscription_id}"],
    )
    return int(position)


def _let_others_help(story: Story) -> None:
    """Whoever helps the department does their part by hand: their programs are not ours to show."""
    path = f"/api/v1/cases/{story.case_id}"
    found = story.calls.wait(path, "dispatcher", lambda case: case.get("task") is not None)
    helping = [str(task["department"]) for task in found["tasks"] if task["joined"] is not None]
    story.sign(1, helping)
    story.respond(1, helping, "已配合处理。")


def bring_in(base_url: str, staff: Tokens) -> int:
    """Reports of its own kind, accepted at the desk; how many of them it has answered. Raises Unavailable."""
    calls = Calls(base_url, staff)
    found = {report.key: str(submit(calls, report)["report_id"]) for report in REPORTS}
    for key, case_id in found.items():
        Story(calls, key, case_id).accept(look_first=True)
    for key, case_id in found.items():
        _let_others_help(Story(calls, key, case_id))
        calls.wait(f"/api/v1/cases/{case_id}", "dispatcher", lambda case: case["state"] not in _AT_WORK)
    return len(found)


def run(access: Access, stack: Stack, staff: Tokens, progress: Progress) -> AtWork:
    """The department at work on what it is given."""
    with progress.step(say("环卫部门接单", "A department on the bus: signs, handles, answers")) as step:
        name = start(access, stack)
        answered = bring_in(access.local_url, staff)
        step.detail = say(f"答复 {answered} 件", f"{answered} cases answered")
    return AtWork(name, answered)


def _token(access: Access) -> str:
    """For its commands; the subscription's own token only reads."""
    return tokens.sign(
        access.need("WUJI_TOKEN_KEY"),
        subject=f"demo.program.{DEPARTMENT}",
        role="department",
        area=Area.parse("530103"),
        department=DEPARTMENT,
        ttl=timedelta(days=90),
    )
