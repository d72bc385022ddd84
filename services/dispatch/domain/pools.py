"""How the open pool works where: how many tasks one volunteer may have in hand, and for how long.

The line for the narrowest area counts; where none speaks, three tasks for two days each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from services.dispatch.domain.pool import LONGEST_CLAIM
from shared.contracts.rulebook import PoolDefined
from shared.kernel.area import Area
from shared.kernel.errors import Invalid

CLAIMS_PER_PERSON = 3
CLAIM_HOURS = 48
MOST_CLAIMS = 100


@dataclass(frozen=True, slots=True)
class Pools:
    """Every line about the pool, by area. Make one with `Pools.of`."""

    lines: dict[str, PoolDefined] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[object]) -> Pools:
        return cls({line.area: line for line in lines if isinstance(line, PoolDefined)})

    def rules(self, area: Area) -> PoolDefined:
        """The line that counts there, or the one that counts where nobody wrote any."""
        for around in reversed(tuple(area.ancestors())):
            if around.path in self.lines:
                return self.lines[around.path]
        return PoolDefined(area=area.district.path, claims_per_person=CLAIMS_PER_PERSON, claim_hours=CLAIM_HOURS)


def problems(lines: Sequence[object]) -> Iterator[tuple[str, str]]:
    """Everything that makes no sense: the area, and what is wrong with its line."""
    for line in lines:
        if not isinstance(line, PoolDefined):
            continue
        if not 1 <= line.claims_per_person <= MOST_CLAIMS:
            yield f"pool {line.area}", f"one person has 1 to {MOST_CLAIMS} tasks in hand"
        if not 1 <= line.claim_hours <= LONGEST_CLAIM:
            yield f"pool {line.area}", f"a claim lasts 1 to {LONGEST_CLAIM} hours"
        yield from area_problems(f"pool {line.area}", line.area)


def area_problems(name: str, path: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a line's area."""
    try:
        if Area.parse(path).path != path:
            yield name, f"the area is to be written as a path, {Area.parse(path)}"
    except Invalid as error:
        yield name, str(error)
