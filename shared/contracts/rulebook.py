"""Streams `rulebook-<kind>`, written by dispatch: departments, issue types, responsibilities, calendar, policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.contracts.case import Loop
from shared.contracts.catalogue import event
from shared.contracts.clock import Rung, Stage
from shared.contracts.report import Urgency
from shared.contracts.shapes import Internal, Limit


@event("department.registered", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentRegistered:
    """A department that handles cases, or a change to it: the latest word counts."""

    code: str
    name: str
    name_en: str
    contact: Internal[str | None]
    """Where notices for it go: a mail address or a gateway name, never a person's."""


@event("issue_type.defined", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTypeDefined:
    """A kind of issue in the scheme of GB/T 30428.2, or a change to it: the latest word counts."""

    code: str
    """Kind and two levels, for example `E-01-02`: 事件, 市容环境, 暴露垃圾."""
    group: str
    name: str
    name_en: str
    loop: Loop
    """Where such a case starts."""
    limit: Limit | None
    needs_verification: bool
    keywords: tuple[str, ...]


@event("responsibility.assigned", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsibilityAssigned:
    """A line of the responsibility list 权责清单: who leads on an issue type in an area. The latest word counts."""

    rule: str
    """The line's own name."""
    issue_type: str
    """A full code, or a prefix such as `E-01` for a whole group; `*` for all."""
    area: str
    """The area path in which the line holds."""
    department: str
    co_handlers: tuple[str, ...]
    limit: Limit | None
    """Overrides the issue type's own limit."""
    automatic: bool
    """Dispatched at once on filing; otherwise proposed to a dispatcher."""
    informed: tuple[str, ...] = ()
    """Departments that hear of it and may look, and have nothing to do."""
    legal_basis: str | None = None
    """The law, regulation or ruling that makes it theirs."""


@event("calendar.published", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPublished:
    """The working calendar of one year: holidays, swap days 调休, and the daily hours. A new version replaces it."""

    year: int
    version: int
    zone: str
    windows: tuple[str, ...]
    """Working hours of a full day, `09:00-12:00`."""
    half_day_windows: tuple[str, ...]
    cutoff: str
    """A case that comes later than this counts from the next working day, `17:00`."""
    holidays: tuple[date, ...]
    """Days off that would otherwise be worked."""
    swap_days: tuple[date, ...]
    """Weekend days that are worked."""
    half_days: tuple[date, ...]


@event("limit.defined", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class LimitDefined:
    """How long one stage may take (时限标准): the latest word counts, and the narrowest line wins."""

    rule: str
    """The line's own name."""
    stage: Stage
    issue_type: str
    """A full code, or a prefix such as `E-01` for a whole group; `*` for all."""
    area: str
    """The area path in which the line holds."""
    urgency: Urgency | None
    """Only for cases of this urgency; absent for all."""
    loop: Loop | None
    """Only while this loop has the case; absent for all."""
    condition: str | None
    """The closing condition 结案条件 that has this limit, by its code: a piece of work on the way, such as `stop_work`.
    Absent for the stage as a whole."""
    condition_name: str | None
    """What people call the closing condition."""
    limit: Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderRung:
    """One rung of a ladder: which, how long after the due instant, and how far up."""

    rung: Rung
    delay: Limit | None
    """Counted from the due instant; absent for at once."""
    up: int
    """How many tiers above the one whose loop has the case: 0 for that tier itself."""


@event("ladder.defined", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class LadderDefined:
    """Who is reminded when a stage is overdue (督办阶梯): 催办, 督办, 提级督办. The latest word counts."""

    rule: str
    """The line's own name."""
    stage: Stage | None
    """Absent for every stage that has no ladder of its own."""
    urgency: Urgency | None
    """Only for cases of this urgency; absent for all."""
    warn_percent: int
    """Percent of the counted time after which a warning is given; 0 for no warning."""
    rungs: tuple[LadderRung, ...]


@event("sampling.defined", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingDefined:
    """How many of a hundred handled cases are looked at (抽查比例). The latest word counts, the narrowest line wins."""

    rule: str
    """The line's own name."""
    issue_type: str
    """A full code, or a prefix such as `E-01` for a whole group; `*` for all."""
    loop: Loop | None
    """Only for cases of this loop; absent for all."""
    self_handled: bool
    """Whether it speaks of what was put right on the spot, or of what a department handled."""
    rate: int
    """From 0 to 100."""


@event("department.withdrawn", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentWithdrawn:
    """A department takes no more cases (撤销责任单位); what it had stays its history."""

    code: str
    reason: str


@event("issue_type.withdrawn", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTypeWithdrawn:
    """A kind of issue is not used any more (停用事项类别)."""

    code: str
    reason: str


@event("responsibility.withdrawn", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsibilityWithdrawn:
    """A line of the responsibility list holds no more (撤销权责条目)."""

    rule: str
    """The line's own name."""
    reason: str


@event("limit.withdrawn", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class LimitWithdrawn:
    """A limit holds no more (撤销时限标准): the next narrower line counts, or none."""

    rule: str
    """The line's own name."""
    reason: str


@event("pool.defined", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDefined:
    """How the open pool works in an area (领单规则): the latest word counts, and the narrowest area wins."""

    area: str
    """The area path in which it holds."""
    claims_per_person: int
    """How many tasks one volunteer may have in hand at once."""
    claim_hours: int
    """How long whoever claims a task has, where the offer does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One word of a label set."""

    of: str
    """A step, a state or an event type by its code: `handle`, `dispatched`, `task.claimed`."""
    zh: str
    """What people call it there."""


@event("label_set.defined", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSetDefined:
    """Another vocabulary for the same case machine (标签集): it changes words and nothing else. The latest counts."""

    code: str
    name: str
    name_en: str
    labels: tuple[Label, ...]
    """The words that differ; everything else keeps its own."""


@event("label_set.chosen", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSetChosen:
    """An area speaks by a label set (选用标签集): the latest word counts, the narrowest area wins."""

    area: str
    """The area path in which it holds."""
    code: str
    """The label set."""


@event("policy.adopted", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAdopted:
    """An edition of the rules gets a name and a first day (颁布规则): the lines that come after it belong to it, and
    hold from that day on. A later word about the same code only words it anew, or moves its day."""

    code: str
    """Its own name, `panlong-2026-2`."""
    title: str
    basis: str
    """On what it rests: the ruling, the meeting, the document."""
    effective_from: date
    """The first day of its lines; a case keeps the edition under which it was filed."""


@event("burden_cap.defined", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class BurdenCapDefined:
    """How much may be asked of a community in a month (减负上限): the latest word counts, the narrowest area wins."""

    area: str
    """The area path in which it holds, for each community there."""
    requests: int | None
    """Demands in a month; absent for any number. The same of what follows."""
    fields: int | None
    """Fields of forms that are to be filled in."""
    meetings: int | None


@event("burden_cap.withdrawn", "rulebook", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class BurdenCapWithdrawn:
    """A cap holds no more (撤销减负上限): the next wider one counts, or none."""

    area: str
    reason: str
