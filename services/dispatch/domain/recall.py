"""Taking a dispatch back 撤回派遣: for one minute, as long as nobody has signed, it is as if it had not been."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.dispatch.domain.case import Case
from services.dispatch.domain.guards import Events, Somebody, Verb, need, refuse
from shared.contracts.case import CaseDispatchRecalled, Waiting

RECALL = Verb("case.dispatch_recalled", "case.not_recallable", "撤回派遣", "taken back")
WITHIN = timedelta(seconds=60)
"""A slip of the hand is noticed at once; after that people have begun to rely on it, and the ordinary ways hold."""


def recall(case: Case, by: Somebody, dispatched_at: datetime | None, at: datetime) -> Events:
    """The department's task, and those of all that were to help, end as if they had never begun."""
    need(case, RECALL, by)
    lead, before = case.task, case.before
    if lead is None or before is None:
        refuse(RECALL.rule, "案件在抢单池，请撤出抢单池", "it is in the open pool: take it back from there")
    if dispatched_at is None or at - dispatched_at > WITHIN:
        seconds = int(WITHIN.total_seconds())
        refuse(
            "recall.too_late",
            f"派遣已超过 {seconds} 秒，不能撤回；请由部门退回，或升级、增派",
            f"it was dispatched more than {seconds} seconds ago: the department gives it back, or it is raised",
        )
    return (
        CaseDispatchRecalled(
            case_id=case.case_id,
            task_id=lead.task_id,
            department=lead.department,
            co_handlers=tuple(dict.fromkeys(task.department for task in case.tasks.values() if not task.is_lead)),
            back_to=Waiting(before.state.value),
            attempt=case.dispatches,
            was_problem=case.problem is not None and before.problem is None,
        ),
    )
