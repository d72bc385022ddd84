"""`wuji demo`: everything at once, left running; safe to run again at any time."""

from __future__ import annotations

import time
from typing import Any

import click
import rich_click as rich

from deploy.local.places import PROJECT, RunDir
from deploy.local.progress import Progress
from deploy.local.stack import Stack
from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json
from deploy.wuji.urls import urls

DISTRICT = "530103"
LEVEL_WITHIN = 60.0
"""Seconds that the projections may need to be level with the log."""


@click.command(cls=rich.RichCommand, epilog=examples("wuji demo", "make demo", "wuji demo -o json"))
@output_option()
def demo(output: str) -> None:
    """一条命令跑起整套演示。Start everything, load Panlong, bring in cases, drive some through every step."""
    from deploy.wuji import demo_accounts, demo_department

    started = time.monotonic()
    run = RunDir.chosen()
    with Progress() as progress:
        stack = Stack.prepare(run, progress)
        stack.up(progress)
        access = Access.find(run)
        load_reference(access, progress)
        open_accounts(access, stack, progress)
        bring_in_history(access, progress)
        stories = bring_in_cases(access, progress)
        with progress.step(say("等投影跟上", "Wait for the projections")):
            wait_level(access)
        department = demo_department.run(access, stack, Staff(access), progress)
        with progress.step(say("等投影跟上", "Wait for the projections")):
            wait_level(access)
    seconds = time.monotonic() - started
    if output == "json":
        view = view_of(access)
        found = {"urls": urls(stack), "stories": stories, "department_answered": department.answered, "view": view}
        found["accounts"] = {one.account: one.role for one in demo_accounts.ACCOUNTS}
        print_json({**found, "subscription": department.subscription, "seconds": round(seconds, 1)})
        return
    from deploy.wuji.view import show_area

    show_area(view_of(access))
    show_box(stack, department.subscription, seconds)


def load_reference(access: Access, progress: Progress) -> None:
    """Panlong's areas, grids, posts, departments, issue types, rules and calendar."""
    from deploy.reference.load import load
    from shared.kernel.clock import utc_now
    from shared.postgres import PostgresLog

    with progress.step(say("装入盘龙区基础数据", "Load Panlong")) as step:
        grid, dispatch = PostgresLog(access.database_url("grid")), PostgresLog(access.database_url("dispatch"))

        def told(name: str, done: int, total: int) -> None:
            step.detail = f"{name} {done}/{total}"

        try:
            loaded = load(grid, dispatch, utc_now(), told=told)
        finally:
            grid.close()
            dispatch.close()
        step.detail = say(f"{loaded.streams} 条,新增 {loaded.events}", f"{loaded.streams} lines, {loaded.events} new")
    with progress.step(say("等投影跟上", "Wait for the projections")):
        # The doors check areas and issue types against their own read tables.
        wait_level(access)


def open_accounts(access: Access, stack: Stack, progress: Progress) -> None:
    """Somebody for each part of the loop may sign in at the pages."""
    from deploy.wuji import demo_accounts

    with progress.step(say("开通演示账号", "Open the log-ins")) as step:
        opened = demo_accounts.ensure(access, stack.credentials["demo_password"])
        step.detail = say(f"{len(opened)} 个", f"{len(opened)} accounts")


def bring_in_history(access: Access, progress: Progress) -> None:
    """The month before, so that there is a past to look at."""
    from deploy.wuji import demo_history
    from deploy.wuji.imports import target_of
    from shared.kernel.clock import utc_now

    with progress.step(say("导入往日案件", "Bring in the month before")) as step:
        added = demo_history.bring_in(target_of(access), utc_now())
        step.detail = say(f"新增 {added} 件", f"{added} cases new")


def bring_in_cases(access: Access, progress: Progress) -> dict[str, int]:
    """The hand-written reports over HTTP, each driven as far as its story goes: story → how many."""
    from deploy.wuji.demo_script import bring_in

    with progress.step(say("上报并办理", "Bring in reports and drive them round the loop")) as step:

        def told(done: int, total: int, title: str) -> None:
            step.detail = f"{done}/{total} {title}"

        done = bring_in(access.local_url, Staff(access), told)
        step.detail = say(f"{len(done.numbers)} 件", f"{len(done.numbers)} reports")
    return dict(done.stories)


class Staff:
    """Tokens for the people of the demonstration: always of the same accounts, so that nothing is done twice."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def __call__(self, role: str, department: str | None = None) -> str:
        from datetime import timedelta

        from shared.kernel.area import Area
        from shared.security import tokens

        return tokens.sign(
            self._access.need("WUJI_TOKEN_KEY"),
            subject=f"demo.{role}.{department}" if department else f"demo.{role}",
            role=role,
            area=Area.parse(DISTRICT),
            department=department,
            ttl=timedelta(hours=1),
        )


def wait_level(access: Access) -> None:
    """Until every event that is stored now is published and in every view. Raises Unavailable."""
    from deploy.wuji.condition import projected, relay_standing
    from shared.kernel.errors import Unavailable

    deadline = time.monotonic() + LEVEL_WITHIN
    goal: int | None = None
    while True:
        standing = relay_standing(access)
        if goal is None and standing["waiting"] == 0:
            goal = standing["head"]
        if goal is not None and all(one.position >= goal for one in projected(access)):
            return
        if time.monotonic() > deadline:
            raise Unavailable(
                say("投影没有跟上", "the projections did not come level"),
                where=", ".join(f"{one.service}.{one.name}" for one in projected(access) if one.behind),
            )
        time.sleep(0.2)


def view_of(access: Access) -> dict[str, Any]:
    """The district and its twelve streets."""
    from deploy.wuji.view import ask

    return ask(access, DISTRICT)


def show_box(stack: Stack, subscription: str, seconds: float) -> None:
    """Where everything is, and what to try next."""
    from rich import box
    from rich.console import Console
    from rich.panel import Panel

    command = command_name()
    lines = [
        f"[bold]{stack.url}/[/]   " + say("首页,居民不需要登录", "home; residents need no account"),
        *accounts_lines(stack),
        "",
        f"RabbitMQ  http://127.0.0.1:{stack.backends.management_url.rpartition(':')[2]}/   "
        + say(f"账号密码见 {stack.run.env}/operator.env", f"login in {stack.run.env}/operator.env"),
        say("日志", "logs") + f"  {stack.run.log}",
        say("数据", "data") + f"  {stack.run.data.resolve()}",
        "",
        say("接下来试试", "Try next") + ":",
        f"  {command} view --area {DISTRICT}.004",
        f"  {command} events tail --follow",
        f"  {command} status",
        f"  {command} sub show {subscription}   "
        + say("示范部门:", "the department's program:")
        + f" {stack.run.log}/demo-department.log",
        "",
        say("工作人员令牌", "A token for staff") + f":  {command} token --role dispatcher --area {DISTRICT}",
        say("停止", "Stop") + ":  make down    " + say("连数据删除", "delete it all") + ":  make reset",
    ]
    console = Console(highlight=False)
    title = say(f"五级 Wuji 演示已就绪 {seconds:.0f} 秒", f"the demonstration is ready, {seconds:.0f} s")
    if not console.is_terminal:
        console.width = 120
    console.print(Panel("\n".join(lines), title=title, box=box.ROUNDED, expand=False))


def accounts_lines(stack: Stack) -> list[str]:
    """The log-ins, and the password that is theirs."""
    from deploy.wuji.demo_accounts import ACCOUNTS
    from shared.pages.words import ROLES

    password = stack.credentials["demo_password"]
    lines = [say("登录", "log in") + f"  {stack.url}/login   " + say("密码", "password") + f"  [bold]{password}[/]"]
    for one in ACCOUNTS:
        where = f"{one.area} {one.department}" if one.department else one.area
        lines.append(f"  {one.account:<16}{say(*ROLES[one.role])}  {where}")
    return lines


def command_name() -> str:
    """How to call `wuji` from here."""
    import shutil
    import sys
    from pathlib import Path

    here = Path(sys.executable).parent / "wuji"
    if shutil.which("wuji") and Path(shutil.which("wuji") or "").resolve() == here.resolve():
        return "wuji"
    return str(here.relative_to(PROJECT)) if here.is_relative_to(PROJECT) else str(here)
