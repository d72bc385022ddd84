"""Label sets: other words for the same machine. They change what people read and nothing that happens.

六步闭环, 联集派办结评, 走记办回评, 点单派单接单领单, 四民, 五民 are one table of moves under different names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.dispatch.domain.pools import area_problems
from shared.contracts import catalogue
from shared.contracts.rulebook import LabelSetChosen, LabelSetDefined
from shared.kernel.area import Area
from shared.kernel.case_states import State, Step
from shared.kernel.errors import Invalid
from shared.kernel.wording import Wording

CATEGORIES = ("report", "case", "check", "feedback", "visit")
"""Whose event types may have other names."""


@dataclass(frozen=True, slots=True)
class LabelSets:
    """Every label set, and which area speaks by which. Make one with `LabelSets.of`."""

    sets: Mapping[str, LabelSetDefined] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)
    """Area path → label set."""

    @classmethod
    def of(cls, lines: Iterable[object]) -> LabelSets:
        found = tuple(lines)
        return cls(
            {line.code: line for line in found if isinstance(line, LabelSetDefined)},
            {line.area: line.code for line in found if isinstance(line, LabelSetChosen)},
        )

    def code(self, area: Area) -> str | None:
        """The label set by which the area speaks; None when nobody chose one for it, or for what is around it."""
        return next(
            (self.chosen[around.path] for around in reversed(tuple(area.ancestors())) if around.path in self.chosen),
            None,
        )

    def words(self, area: Area, asked: str | None = None) -> Mapping[str, str]:
        """Step, state or event type → what people call it, where that differs: of the set asked for, else the area's.

        Raises Invalid for a set that does not exist.
        """
        code = asked or self.code(area)
        if code is None:
            return {}
        found = self.sets.get(code)
        if found is None and asked is not None:
            said = Wording(f"没有标签集 {asked}", f"there is no label set {asked}")
            raise Invalid(str(said), where="labels", hint="GET /api/v1/label-sets lists them")
        return {} if found is None else {label.of: label.zh for label in found.labels}


def problems(lines: Sequence[object]) -> Iterator[tuple[str, str]]:
    """Everything that makes no sense: which line, and what is wrong with it."""
    codes = {line.code for line in lines if isinstance(line, LabelSetDefined)}
    for line in lines:
        if isinstance(line, LabelSetDefined):
            yield from ((f"label set {line.code}", problem) for problem in _wrong(line))
        if isinstance(line, LabelSetChosen):
            if line.code not in codes:
                yield f"labels of {line.area}", f"there is no label set {line.code}"
            yield from area_problems(f"labels of {line.area}", line.area)


def _wrong(line: LabelSetDefined) -> Iterator[str]:
    seen: set[str] = set()
    for label in line.labels:
        if label.of not in nameable():
            yield f"{label.of} is no step, state or event type of a case"
        if label.of in seen:
            yield f"{label.of} is named twice"
        if not label.zh.strip():
            yield f"{label.of} has no word"
        seen.add(label.of)


def nameable() -> frozenset[str]:
    """Everything that a label set may give another name."""
    types = {name for name, found in catalogue.load().items() if found.category in CATEGORIES}
    return frozenset({step.value for step in Step} | {state.value for state in State} | types)
