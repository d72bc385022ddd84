"""One demand: what a department asks of communities, what each of them said, and what is still open. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from shared.contracts.admission import DemandKind
from shared.contracts.demand import (
    DemandAllowed,
    DemandAnswered,
    DemandBlocked,
    DemandDeclined,
    DemandMade,
    DemandWithdrawn,
    Filled,
)
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, NotFound, Refused
from shared.kernel.wording import Wording

DemandEvent = DemandMade | DemandBlocked | DemandAllowed | DemandAnswered | DemandDeclined | DemandWithdrawn

MISSING = "admission.missing"
"""The rule that refuses a demand for want of an admission."""
TOO_MUCH = "burden_cap"
"""The rule that refuses a demand which would be more than a community's cap of the month."""


class Outcome(StrEnum):
    """What has become of a demand in one community, or, when all have said something, of the whole."""

    OPEN = "open"
    ANSWERED = "answered"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    BLOCKED = "blocked"
    ALLOWED = "allowed"

    @property
    def zh(self) -> str:
        return _NAMES[self]


_NAMES = {
    Outcome.OPEN: "待办",
    Outcome.ANSWERED: "已办结",
    Outcome.DECLINED: "社区拒绝",
    Outcome.WITHDRAWN: "已撤回",
    Outcome.BLOCKED: "已拦截",
    Outcome.ALLOWED: "已特批",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The demand in one community."""

    admission_id: UUID
    outcome: Outcome = Outcome.OPEN
    words: str | None = None
    """What was done, or why it was declined."""
    filled: tuple[Filled, ...] = ()
    evidence: tuple[str, ...] = ()
    on_time: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What has become of a demand."""

    made: DemandMade | DemandBlocked
    parts: Mapping[str, Part] = field(default_factory=dict)
    """Community path → the demand there; none at all where it was blocked."""
    allowed: DemandAllowed | None = None
    """Of one that was blocked for the cap: a leader lets it pass."""

    @property
    def demand_id(self) -> UUID:
        return self.made.demand_id

    @property
    def outcome(self) -> Outcome:
        """Of the whole: open while any community is to answer."""
        if isinstance(self.made, DemandBlocked):
            return Outcome.BLOCKED if self.allowed is None else Outcome.ALLOWED
        found = {part.outcome for part in self.parts.values()}
        for outcome in (Outcome.OPEN, Outcome.ANSWERED, Outcome.WITHDRAWN):
            if outcome in found:
                return outcome
        return Outcome.DECLINED


def evolve(demand: Demand | None, event: DemandEvent) -> Demand:
    """The demand after the event; history is not up for debate."""
    if isinstance(event, DemandMade):
        return Demand(made=event, parts={one.community: Part(admission_id=one.admission_id) for one in event.asked})
    if isinstance(event, DemandBlocked):
        return Demand(made=event)
    if demand is None:
        raise LookupError("a demand begins with demand.made or demand.blocked")
    match event:
        case DemandAllowed():
            return replace(demand, allowed=event)
        case DemandAnswered(answer=answer, filled=filled, evidence=evidence, on_time=on_time):
            said = {"words": answer, "filled": filled or (), "evidence": evidence, "on_time": on_time}
            return _with(demand, event.community, outcome=Outcome.ANSWERED, **said)
        case DemandDeclined(reason=reason):
            return _with(demand, event.community, outcome=Outcome.DECLINED, words=reason)
        case DemandWithdrawn():
            over = {
                community: replace(part, outcome=Outcome.WITHDRAWN) if part.outcome is Outcome.OPEN else part
                for community, part in demand.parts.items()
            }
            return replace(demand, parts=over)
        case _:
            assert_never(event)


def _with(demand: Demand, community: str, **changes: object) -> Demand:
    part = replace(demand.parts[community], **changes)  # type: ignore[arg-type]  # Part's own fields
    return replace(demand, parts={**demand.parts, community: part})


# --- what may be done ---------------------------------------------------------------------------------------------


def answer(  # what a community says, field by field
    demand: Demand,
    community: Area,
    words: str,
    filled: tuple[Filled, ...],
    evidence: tuple[str, ...],
    at: datetime,
) -> tuple[DemandEvent, ...]:
    """A community has done what it was asked for. Raises Invalid for a form that is not filled in as it was sent."""
    made = _open(demand, community)
    if made.kind is DemandKind.FORM and {one.field for one in filled} != set(made.fields):
        fields = "、".join(made.fields), ", ".join(made.fields)
        said = Wording(f"须逐项填写：{fields[0]}", f"fill in every field, and no other: {fields[1]}")
        raise Invalid(str(said), where="filled")
    if len({one.field for one in filled}) < len(filled):
        raise Invalid("every field is filled in once", where="filled")
    return (
        DemandAnswered(
            demand_id=demand.demand_id,
            community=community.path,
            answer=words,
            filled=filled,
            evidence=evidence,
            on_time=None if made.due_at is None else at <= made.due_at,
        ),
    )


def decline(demand: Demand, community: Area, reason: str) -> tuple[DemandEvent, ...]:
    """A community refuses, also what is admitted: it says why, and the department hears it."""
    _open(demand, community)
    return (DemandDeclined(demand_id=demand.demand_id, community=community.path, reason=reason),)


def allow(demand: Demand, reason: str) -> tuple[DemandEvent, ...]:
    """A leader lets a demand pass the cap, once, and says why."""
    made = demand.made
    if not isinstance(made, DemandBlocked) or not made.over:
        said = Wording("该下派并非因减负上限被拦截", "it was not for the cap that this demand was refused")
        raise Refused(str(said), rule="demand.not_over_cap")
    if demand.allowed is not None:
        raise Refused(str(Wording("已特批", "it is allowed already")), rule="demand.allowed_already")
    return (DemandAllowed(demand_id=demand.demand_id, reason=reason),)


def permitted(demand: Demand, wanted: DemandBlocked) -> DemandBlocked:
    """What a leader has allowed, when it covers what is wanted now: as much or less, of the same places.

    `wanted` says it as a refusal would. Raises Refused.
    """
    made = demand.made
    if isinstance(made, DemandMade):
        raise Refused(str(Wording("特批已使用", "the permission was used already")), rule="demand.not_open")
    if demand.allowed is None:
        said = Wording("该下派未经特批", "no leader has allowed this demand")
        raise Refused(str(said), rule="demand.not_allowed", where="allowed")
    same = (made.department, made.kind) == (wanted.department, wanted.kind)
    if not same or wanted.fields > made.fields or not set(wanted.communities) <= set(made.communities):
        said = Wording("与特批的下派不一致", "this is more than what was allowed, or something else")
        raise Refused(str(said), rule="demand.not_allowed", where="allowed")
    return made


def withdraw(demand: Demand, reason: str) -> tuple[DemandEvent, ...]:
    """The department wants it no more. Raises Refused when nobody is left who would have to answer."""
    if demand.outcome is not Outcome.OPEN:
        raise Refused(
            str(Wording(f"下派{demand.outcome.zh}", f"the demand is {demand.outcome.value}")), rule="demand.not_open"
        )
    return (DemandWithdrawn(demand_id=demand.demand_id, reason=reason),)


def _open(demand: Demand, community: Area) -> DemandMade:
    """What was asked, when the community is still to answer it."""
    part = demand.parts.get(community.path)
    if part is None or isinstance(demand.made, DemandBlocked):
        said = Wording(f"未向 {community} 下派此事", f"{community} was not asked for this")
        raise NotFound(str(said), where="community")
    if part.outcome is not Outcome.OPEN:
        said = Wording(f"该社区{part.outcome.zh}", f"this community's part is {part.outcome.value} already")
        raise Refused(str(said), rule="demand.not_open")
    return demand.made


def blocked(event: DemandBlocked) -> Refused:
    """The refusal that tells a department which communities it may not ask, and what to do about it."""
    if event.over:
        hint = f"a leader may let it pass: POST /api/v1/demands/{event.demand_id}/allow"
        return Refused(event.reason or "", rule=TOO_MUCH, where="areas", hint=hint)
    count, places = len(event.missing), _listed(event.missing)
    said = Wording(
        f"{count} 个社区没有有效的准入事项：{places}", f"no admission is in force for {count} communities: {places}"
    )
    return Refused(str(said), rule=MISSING, where="areas", hint="POST /api/v1/admissions applies for one")


def too_much(over: tuple[str, ...], month: str) -> str:
    """Why a demand is refused that would be more than the cap."""
    count, places = len(over), _listed(over)
    return str(
        Wording(
            f"{count} 个社区 {month} 月度已达减负上限：{places}",
            f"it would be more than the cap of {month} for {count} communities: {places}",
        )
    )


_SHOWN = 5


def _listed(paths: tuple[str, ...]) -> str:
    return ", ".join(paths[:_SHOWN]) + ("…" if len(paths) > _SHOWN else "")
