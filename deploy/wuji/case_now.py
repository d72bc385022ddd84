"""`wuji case --now`: where a case stands, whose answer it waits for, and what nobody has decided yet."""

from __future__ import annotations

from typing import Any

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import print_json, print_table


def show(access: Access, case_id: str, output: str) -> None:
    """As its door answers it this moment. Raises NotFound before it is filed."""
    found: dict[str, Any] = access.get(f"/api/v1/cases/{case_id}", role="operator")
    if output == "json":
        found.pop("actions")  # what an operator may do to a case is nothing; the others ask for themselves
        print_json(found)
        return
    print_table([], [*facts(found)], title=f"{found['number']}  {found['title']}")
    columns = [
        say("部门", "department"),
        say("来由", "joined"),
        say("时限", "due"),
        say("签收", "signed"),
        say("反馈", "answer"),
    ]
    print_table(columns, [task_row(task) for task in found["tasks"]], title=say("任务", "Tasks"))
    if found["requests"]:
        columns = [say("申请", "asked"), say("部门", "department"), say("理由", "reason"), "request_id"]
        rows = [(one["asked"], one["department"], one["reason"], one["request_id"]) for one in found["requests"]]
        print_table(columns, rows, title=say("待审批", "To be decided"))


def facts(found: dict[str, Any]) -> list[tuple[str, str]]:
    """What there is to say about the case as a whole: a name and a value each."""
    suspension, transfer, last = found["suspension"], found["transfer"], found["last_step"]
    said: list[tuple[str, Any]] = [
        (say("状态", "state"), f"{found['state_zh']} {found['state']}"),
        (say("循环", "loop"), f"{found['loop']}，{say('结案权属', 'closed by')} {found['decided_by']}"),
        (say("派遣", "dispatches"), found["dispatches"]),
        (say("返工", "reworks"), found["reworks"]),
        (say("问题工单", "problem"), found["problem"]),
        (say("挂账至", "aside until"), suspension and f"{suspension['review_on']} {suspension['reason']}"),
        (say("转外部", "outside"), transfer and f"{transfer['to']} {transfer.get('receipt') or ''}"),
        (say("争议", "disputed"), found["dispute"] and found["dispute"]["question"]),
        (say("并入", "merged into"), found["merged_into"]),
        (say("最近一步", "last step"), f"{last['type']}  {last['by']} ({last['role']})  {last['at']}"),
    ]
    return [(name, str(value)) for name, value in said if value not in (None, 0, "")]


def task_row(task: dict[str, Any]) -> tuple[str, ...]:
    """Department, how it came, until when, whether it is signed, and what was answered."""
    overdue = f" {say('超时', 'overdue')}" if task["is_overdue"] else ""
    joined = task["joined"] or say("主办", "lead")
    return (
        task["department"],
        joined if task["mandatory"] else f"{joined} ({say('不必等', 'not awaited')})",
        f"{task['due_at'] or '—'}{overdue}",
        "✓" if task["is_signed"] else "",
        task["answer"] or "",
    )
