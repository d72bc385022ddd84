"""What each event changes in the work list, besides state and area: the case's row, and the rows of its tasks.

Total, like every evolve: what happened is taken as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.dispatch.domain.case import VOLUNTEERS
from services.dispatch.projections.work_clocks import NOTHING, of_case, of_task
from shared.contracts import case, task
from shared.contracts.clock import ClockRecomputed, Stage
from shared.contracts.envelope import Recorded
from shared.kernel.case_states import State, landing

Row = dict[str, Any]
Change = Callable[["Entry", Any, Recorded[Any]], None]


@dataclass(slots=True)
class Entry:
    """A case's row, and the rows of its tasks by id."""

    row: Row
    tasks: dict[str, Row] = field(default_factory=dict)

    def in_hand(self) -> Iterator[Row]:
        """The tasks of the present round."""
        return (found for found in self.tasks.values() if found["is_live"])

    def change(self, task_id: UUID, **changes: Any) -> None:
        """Change the row of a task; imported history may speak of one that nobody was given."""
        found = self.tasks.get(str(task_id))
        if found is not None:
            found.update(changes)

    def end(self) -> None:
        """Nobody has the case any more, and what was asked for is void."""
        for found in self.in_hand():
            found["is_live"] = False
        nothing: Row = {"department": None, "co_handlers": [], "due_at": None, "answered_at": None, "requests": {}}
        self.row.update(nothing, asked=[], is_cleared=False, is_waived=False, suspended_until=None)
        self.row.update(is_disputed=False, disputed_between=[])

    def settle(self) -> None:
        """What the tasks say about the case: the nearest due time that is awaited, and how many tasks are."""
        awaited = [found for found in self.in_hand() if found["mandatory"] and found["answered_at"] is None]
        self.row["awaited"] = len(awaited)
        self.row["due_at"] = min((found["due_at"] for found in awaited if found["due_at"]), default=self.row["due_at"])
        self.row["asked"] = sorted({found["asked"] for found in self.row["requests"].values()})
        self.row.update(of_case(self.row["running"]))
        for task_id, found in self.tasks.items():
            found.update(of_task(self.row["running"], task_id) if found["is_live"] else NOTHING)


def filed(event: case.CaseFiled | case.CaseSelfHandled, recorded: Recorded[Any]) -> Row:
    return {
        "case_id": event.case_id,
        "number": event.number,
        "area": recorded.area.path,
        "issue_type": event.issue_type,
        "urgency": event.urgency.value,
        "loop": event.loop.value,
        "title": event.title,
        "place": event.place,
        "state": landing(recorded.type, State.FILED).value,
        "is_open": True,
        "is_cleared": False,
        "is_waived": False,
        "department": None,
        "co_handlers": [],
        "awaited": 0,
        "requests": {},
        "asked": [],
        "summoned": [],
        "disputed_between": [],
        "wrong_returns": 0,
        "running": {},
        **NOTHING,
        "attempt": 0,
        "reworks": 0,
        "problem": None,
        "supervised_by": None,
        "suspended_until": None,
        "is_disputed": False,
        "transferred_to": None,
        "merged_into": None,
        "due_at": None,
        "answered_at": None,
        "edition": event.edition,
        "reported_at": event.reported_at,
        "filed_at": recorded.occurred_at,
        "changed_at": recorded.occurred_at,
        "position": recorded.position,
    }


def _given(
    entry: Entry, event: case.CaseDispatched | task.CaseOffered | task.TaskAdded, recorded: Recorded[Any], **told: Any
) -> None:
    entry.tasks[str(event.task_id)] = {
        "task_id": event.task_id,
        "case_id": event.case_id,
        "department": VOLUNTEERS,
        "joined": None,
        "what": "",
        "mandatory": True,
        "due_at": event.due_at,
        "is_signed": False,
        "answered_at": None,
        "extensions": 0,
        "claim_hours": None,
        "claim_id": None,
        "claimed_by": None,
        "claimed_until": None,
        "is_live": True,
        "given_at": recorded.occurred_at,
        **NOTHING,
        **told,
    }


def _dispatched(entry: Entry, event: case.CaseDispatched, recorded: Recorded[Any]) -> None:
    entry.end()
    _given(entry, event, recorded, department=event.department)
    helping = list(event.co_handlers)
    entry.row.update(
        department=event.department,
        co_handlers=helping,
        due_at=event.due_at,
        attempt=event.attempt,
        transferred_to=None,
    )


def _recalled(entry: Entry, event: case.CaseDispatchRecalled, _: Recorded[Any]) -> None:
    entry.end()
    if event.was_problem:
        entry.row.update(problem=None, supervised_by=None)


def _offered(entry: Entry, event: task.CaseOffered, recorded: Recorded[Any]) -> None:
    entry.end()
    _given(entry, event, recorded, what=event.what, claim_hours=event.claim_hours)
    entry.row.update(department=VOLUNTEERS, due_at=event.due_at, attempt=event.attempt, transferred_to=None)


def _added(entry: Entry, event: task.TaskAdded, recorded: Recorded[Any]) -> None:
    told = {"joined": event.joined.value, "what": event.what, "mandatory": event.mandatory}
    _given(entry, event, recorded, department=event.department, **told)
    if event.department not in (entry.row["department"], *entry.row["co_handlers"]):
        entry.row["co_handlers"] = [*entry.row["co_handlers"], event.department]


def _withdrawn(entry: Entry, event: task.TaskWithdrawn, _: Recorded[Any]) -> None:
    entry.change(event.task_id, is_live=False)
    entry.row["co_handlers"] = [code for code in entry.row["co_handlers"] if code != event.department]
    _forget(entry, event.task_id)


def _signed(entry: Entry, event: case.TaskSigned, _: Recorded[Any]) -> None:
    entry.change(event.task_id, is_signed=True)


def _claimed(entry: Entry, event: task.TaskClaimed, _: Recorded[Any]) -> None:
    told = {"claim_id": event.claim_id, "claimed_by": event.claimed_by, "claimed_until": event.expires_at}
    entry.change(event.task_id, is_signed=True, **told)


def _free(entry: Entry, event: task.TaskClaimReleased | task.TaskClaimExpired, _: Recorded[Any]) -> None:
    entry.change(event.task_id, is_signed=False, claim_id=None, claimed_by=None, claimed_until=None)


def _part_answered(entry: Entry, event: task.TaskPartResponded, recorded: Recorded[Any]) -> None:
    entry.change(event.task_id, answered_at=recorded.occurred_at)
    _forget(entry, event.task_id)


def _answered(entry: Entry, event: case.TaskResponded, recorded: Recorded[Any]) -> None:
    entry.change(event.task_id, answered_at=recorded.occurred_at)
    entry.row.update(answered_at=recorded.occurred_at, requests={})


def _taken_away(entry: Entry, _event: object, _: Recorded[Any]) -> None:
    entry.end()


def _returned(entry: Entry, event: case.TaskReturned, _: Recorded[Any]) -> None:
    entry.end()
    entry.row["wrong_returns"] += event.kind is case.ReturnKind.WRONG_DEPARTMENT


def _reopened(entry: Entry, _event: object, _: Recorded[Any]) -> None:
    entry.end()
    entry.row["wrong_returns"] = 0


def _rework(entry: Entry, event: case.CaseReworkOrdered, _: Recorded[Any]) -> None:
    # Its clock runs on: the original due instant stays, the answer no longer counts.
    wanting = {str(task_id) for task_id in event.task_ids}
    for task_id in wanting or set(entry.tasks):
        entry.change(UUID(task_id), is_signed=False, answered_at=None)
    for task_id in wanting:
        entry.change(UUID(task_id), mandatory=True)
    entry.row.update(answered_at=None, is_cleared=False, is_waived=False, reworks=event.rework)


def _sent_to_check(entry: Entry, _event: object, _: Recorded[Any]) -> None:
    entry.row.update(is_cleared=False, is_waived=False)


def _cleared(entry: Entry, _event: object, _: Recorded[Any]) -> None:
    entry.row["is_cleared"] = True


def _waived(entry: Entry, _event: object, _: Recorded[Any]) -> None:
    entry.row.update(is_cleared=False, is_waived=True)


def _problem(entry: Entry, event: case.CaseProblemDeclared, _: Recorded[Any]) -> None:
    entry.row.update(problem=event.kind.value, supervised_by=event.supervised_by.value)


def _asked(entry: Entry, event: Any, recorded: Recorded[Any]) -> None:
    about = getattr(event, "task_id", None)
    told = {"asked": recorded.type, "task_id": None if about is None else str(about)}
    entry.row["requests"] = {**entry.row["requests"], str(event.request_id): told}


def _decided(entry: Entry, event: Any, _: Recorded[Any]) -> None:
    asked = entry.row["requests"]
    entry.row["requests"] = {key: found for key, found in asked.items() if key != str(event.request_id)}


def _forget(entry: Entry, task_id: UUID) -> None:
    asked = entry.row["requests"]
    entry.row["requests"] = {key: found for key, found in asked.items() if found["task_id"] != str(task_id)}


def _extended(entry: Entry, event: task.ExtensionApproved, recorded: Recorded[Any]) -> None:
    _decided(entry, event, recorded)
    entry.change(event.task_id, due_at=event.due_at, extensions=event.attempt)


def _counted_anew(entry: Entry, event: ClockRecomputed, _: Recorded[Any]) -> None:
    if event.stage is Stage.HANDLE and event.condition is None and event.task_id is not None:
        entry.change(event.task_id, due_at=event.due_at)


def _suspended(entry: Entry, event: case.CaseSuspended, recorded: Recorded[Any]) -> None:
    _decided(entry, event, recorded)
    entry.row["suspended_until"] = event.review_on


def _resumed(entry: Entry, event: case.CaseResumed, _: Recorded[Any]) -> None:
    entry.row["suspended_until"] = None
    for new in event.due:
        entry.change(new.task_id, due_at=new.due_at)


def _levelled(entry: Entry, event: case.CaseLevelRaised | case.CaseLevelLowered, _: Recorded[Any]) -> None:
    entry.end()
    entry.row["loop"] = event.to_loop.value


def _transferred(entry: Entry, event: case.CaseTransferredOut, _: Recorded[Any]) -> None:
    entry.end()
    entry.row["transferred_to"] = event.to


def _merged(entry: Entry, event: case.CaseMerged, _: Recorded[Any]) -> None:
    entry.row["merged_into"] = event.into


def _unmerged(entry: Entry, _event: object, _: Recorded[Any]) -> None:
    entry.row["merged_into"] = None


def _disputed(entry: Entry, event: task.DisputeOpened, _: Recorded[Any]) -> None:
    entry.row.update(is_disputed=True, disputed_between=list(event.between))


def _adjudicated(entry: Entry, _event: object, _: Recorded[Any]) -> None:
    entry.row.update(is_disputed=False, disputed_between=[], wrong_returns=0)


def _summoned(entry: Entry, event: case.WhistleBlown, _: Recorded[Any]) -> None:
    entry.row["summoned"] = sorted({*entry.row["summoned"], *event.departments})


def _reported_in(entry: Entry, event: case.WhistleAnswered, _: Recorded[Any]) -> None:
    entry.row["summoned"] = [code for code in entry.row["summoned"] if code != event.department]


CHANGES: dict[str, Change] = {
    "case.dispatched": _dispatched,
    "case.dispatch_recalled": _recalled,
    "case.offered": _offered,
    "task.added": _added,
    "task.withdrawn": _withdrawn,
    "task.signed": _signed,
    "task.claimed": _claimed,
    "task.claim_released": _free,
    "task.claim_expired": _free,
    "task.part_responded": _part_answered,
    "task.responded": _answered,
    "task.returned": _returned,
    "case.reopened": _reopened,
    "case.rejected": _taken_away,
    "case.rework_ordered": _rework,
    "case.sent_to_check": _sent_to_check,
    "case.cleared_to_close": _cleared,
    "case.check_waived": _waived,
    "case.problem_declared": _problem,
    "return.requested": _asked,
    "return.refused": _decided,
    "extension.requested": _asked,
    "extension.refused": _decided,
    "extension.approved": _extended,
    "clock.recomputed": _counted_anew,
    "suspension.requested": _asked,
    "suspension.refused": _decided,
    "case.suspended": _suspended,
    "case.resumed": _resumed,
    "case.level_raised": _levelled,
    "case.level_lowered": _levelled,
    "case.transferred_out": _transferred,
    "case.merged": _merged,
    "case.unmerged": _unmerged,
    "dispute.opened": _disputed,
    "dispute.adjudicated": _adjudicated,
    "whistle.blown": _summoned,
    "whistle.answered": _reported_in,
}
