"""How much may be asked of each community in a month, and whether one more demand would be too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from services.dispatch.domain.pools import area_problems
from shared.contracts.rulebook import BurdenCapDefined
from shared.kernel.area import Area, Tier

MOST = 100_000


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of one community."""

    requests: int = 0
    fields: int = 0
    meetings: int = 0

    def __add__(self, other: Load) -> Load:
        return Load(self.requests + other.requests, self.fields + other.fields, self.meetings + other.meetings)

    def __sub__(self, other: Load) -> Load:
        return Load(self.requests - other.requests, self.fields - other.fields, self.meetings - other.meetings)


@dataclass(frozen=True, slots=True)
class Caps:
    """Every cap, by area. Make one with `Caps.of`."""

    lines: dict[str, BurdenCapDefined] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[object]) -> Caps:
        return cls({line.area: line for line in lines if isinstance(line, BurdenCapDefined)})

    def cap(self, community: Area) -> BurdenCapDefined | None:
        """The cap that counts there; None where as much may be asked as anybody likes."""
        around = reversed(tuple(community.ancestors()))
        return next((self.lines[area.path] for area in around if area.path in self.lines), None)

    def passed(self, community: Area, used: Load, more: Load) -> tuple[str, ...]:
        """What would be more than the cap: `requests`, `fields`, `meetings`. What a demand has none of, it does not
        pass, however much of it there is already."""
        cap = self.cap(community)
        if cap is None:
            return ()
        return tuple(
            name
            for name in ("requests", "fields", "meetings")
            if (most := getattr(cap, name)) is not None
            and getattr(more, name) > 0
            and getattr(used, name) + getattr(more, name) > most
        )


def problems(lines: Sequence[object]) -> Iterator[tuple[str, str]]:
    """Everything that makes no sense: the area, and what is wrong with its cap."""
    for line in lines:
        if not isinstance(line, BurdenCapDefined):
            continue
        name = f"cap {line.area}"
        numbers = [number for number in (line.requests, line.fields, line.meetings) if number is not None]
        if not numbers:
            yield name, "a cap says at least one of requests, fields, meetings"
        if any(not 0 <= number <= MOST for number in numbers):
            yield name, f"a cap is between 0 and {MOST}"
        wrong = list(area_problems(name, line.area))
        yield from wrong
        if not wrong and Area(line.area).tier > Tier.COMMUNITY:
            yield name, "a cap is for communities: name a community, a street or the district"
