"""How long each stage may take, who is called upon when it takes longer, and how many handled cases are looked at.

Of several lines that fit, the narrowest counts: one for the case's urgency before one for all, then the line for the
narrowest area, then for the narrowest kind of issue, then for the loop. Two lines can only tie when they say the same
thing about the same cases, and such a list is refused when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.dispatch.domain.responsibility import patterns
from shared.contracts.case import Loop
from shared.contracts.clock import Rung, Stage
from shared.contracts.report import Urgency
from shared.contracts.rulebook import LadderDefined, LimitDefined, SamplingDefined
from shared.contracts.shapes import Limit
from shared.kernel.area import Area
from shared.kernel.errors import Invalid
from shared.kernel.working_time import MOST

Rank = tuple[bool, int, int, bool]
"""How narrow a line is: for an urgency, how deep its area, how exact its kind of issue, for a loop."""

WARN_PERCENT = 80
"""After how much of the time a warning is given where no ladder says otherwise."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit, ladder and sample, the narrowest first. Make one with `Limits.of`."""

    lines: tuple[LimitDefined, ...] = ()
    ladders: tuple[LadderDefined, ...] = ()
    samples: tuple[SamplingDefined, ...] = ()

    @classmethod
    def of(cls, lines: Iterable[object]) -> Limits:
        """Those among the lines of a rulebook; of lines that tie, the one whose name sorts first counts."""
        found = tuple(lines)
        limits = sorted((line for line in found if isinstance(line, LimitDefined)), key=lambda line: line.rule)
        ladders = sorted((line for line in found if isinstance(line, LadderDefined)), key=lambda line: line.rule)
        samples = sorted((line for line in found if isinstance(line, SamplingDefined)), key=lambda line: line.rule)
        return cls(
            tuple(sorted(limits, key=rank, reverse=True)),
            tuple(sorted(ladders, key=lambda line: (line.stage is not None, line.urgency is not None), reverse=True)),
            tuple(sorted(samples, key=lambda line: (_exactness(line.issue_type), line.loop is not None), reverse=True)),
        )

    def line(
        self,
        stage: Stage,
        issue_type: str,
        area: Area,
        urgency: Urgency | None = None,
        condition: str | None = None,
        loop: Loop | None = None,
    ) -> LimitDefined | None:
        """The line that counts for such a case there; None when no line speaks of it."""
        found = (line for line in self.lines if line.stage is stage and line.condition == condition)
        return next((line for line in found if _fits(line, issue_type, area, urgency, loop)), None)

    def conditions(
        self, stage: Stage, issue_type: str, area: Area, urgency: Urgency | None = None, loop: Loop | None = None
    ) -> tuple[LimitDefined, ...]:
        """The line of every closing condition that has a limit of its own for such a case, the shortest first."""
        found: dict[str, LimitDefined] = {}
        for line in self.lines:
            if line.stage is stage and line.condition is not None and _fits(line, issue_type, area, urgency, loop):
                found.setdefault(line.condition, line)
        return tuple(sorted(found.values(), key=lambda line: (_ORDER[line.limit.unit.value], line.limit.amount)))

    def ladder(self, stage: Stage, urgency: Urgency | None = None) -> LadderDefined | None:
        """Who is called upon when the stage is overdue; None when nobody is."""
        fit = (line for line in self.ladders if line.stage in (None, stage) and line.urgency in (None, urgency))
        return next(fit, None)

    def sampling(self, issue_type: str, loop: Loop | None = None, self_handled: bool = False) -> SamplingDefined | None:
        """How many of such cases are looked at; None when no line speaks of them, and all are."""
        kinds = tuple(patterns(issue_type))
        found = (line for line in self.samples if line.self_handled is self_handled and line.loop in (None, loop))
        return next((line for line in found if line.issue_type in kinds), None)


_ORDER = {"urgent_hours": 0, "working_hours": 1, "working_days": 2}


def rank(line: LimitDefined) -> Rank:
    """How narrow the line is."""
    return line.urgency is not None, line.area.count("."), _exactness(line.issue_type), line.loop is not None


def own_rank(issue_type: str, district: str) -> Rank:
    """How narrow the limit is that an issue type brings itself: it holds in the whole district."""
    return False, district.count("."), _exactness(issue_type), False


def _exactness(pattern: str) -> int:
    return 0 if pattern == "*" else pattern.count("-") + 1


def _fits(line: LimitDefined, issue_type: str, area: Area, urgency: Urgency | None, loop: Loop | None) -> bool:
    return (
        line.urgency in (None, urgency)
        and line.loop in (None, loop)
        and line.issue_type in tuple(patterns(issue_type))
        and any(around.path == line.area for around in area.ancestors())
    )


# --- what is wrong with them ------------------------------------------------------------------------------------


def problems(lines: Sequence[object], kinds: set[str]) -> Iterator[tuple[str, str]]:
    """Everything that contradicts itself: the line's name, and what is wrong with it."""
    said: dict[object, str] = {}
    for line in lines:
        match line:
            case LimitDefined():
                yield from ((line.rule, problem) for problem in _limit_problems(line, kinds))
                key: object = (line.stage, line.issue_type, line.area, line.urgency, line.loop, line.condition)
            case LadderDefined():
                yield from ((line.rule, problem) for problem in _ladder_problems(line))
                key = ("ladder", line.stage, line.urgency)
            case SamplingDefined():
                yield from ((line.rule, problem) for problem in _sampling_problems(line, kinds))
                key = ("sampling", line.issue_type, line.loop, line.self_handled)
            case _:
                continue
        first = said.setdefault(key, line.rule)
        if first != line.rule:
            yield line.rule, f"says something about the same cases as {first}"


def _limit_problems(line: LimitDefined, kinds: set[str]) -> Iterator[str]:
    if line.issue_type != "*" and line.issue_type not in kinds:
        yield f"no issue type is {line.issue_type} or belongs to it"
    if not is_fair(line.limit):
        yield f"a limit is between 1 and {MOST}"
    if (line.condition is None) is not (line.condition_name is None):
        yield "a closing condition has a code and a name, or neither"
    if line.condition is not None and line.stage is not Stage.HANDLE:
        yield "only handling has closing conditions"
    try:
        if Area.parse(line.area).path != line.area:
            yield f"the area is to be written as a path, {Area.parse(line.area)}"
    except Invalid as error:
        yield str(error)


def _ladder_problems(line: LadderDefined) -> Iterator[str]:
    if not 0 <= line.warn_percent < 100:
        yield "a warning is given after 0 to 99 percent of the time"
    order = [Rung.URGED, Rung.SUPERVISED, Rung.RAISED]
    climbed = [rung.rung for rung in line.rungs]
    if any(rung not in order for rung in climbed) or climbed != [rung for rung in order if rung in climbed]:
        yield "the rungs are urged, supervised, raised: in this order, each at most once"
    for rung in line.rungs:
        if not is_fair(rung.delay):
            yield f"the delay of {rung.rung.value} is between 1 and {MOST}"
        if not 0 <= rung.up <= 2:
            yield f"{rung.rung.value} goes up by 0 to 2 tiers"


def _sampling_problems(line: SamplingDefined, kinds: set[str]) -> Iterator[str]:
    if not 0 <= line.rate <= 100:
        yield "a rate is between 0 and 100"
    if line.issue_type != "*" and line.issue_type not in kinds:
        yield f"no issue type is {line.issue_type} or belongs to it"


def is_fair(limit: Limit | None) -> bool:
    """Whether a limit can be counted."""
    return limit is None or 0 < limit.amount <= MOST
