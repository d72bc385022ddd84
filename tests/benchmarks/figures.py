"""What a benchmark answers: figures measured side by side, with the ratio that we promise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `ours` and `peer` in `unit`; for rates the ratio is ours / peer and must reach `target`."""

    what: str
    ours: float
    peer: float
    unit: str
    ratio: float
    target: float

    @property
    def reached(self) -> bool:
        return self.ratio >= self.target

    def __str__(self) -> str:
        verdict = "reached" if self.reached else "MISSED"
        return (
            f"{self.what}: ours {self.ours:,.0f} {self.unit}, peer {self.peer:,.0f} {self.unit}, "
            f"ratio {self.ratio:.2f} (target {self.target:g}, {verdict})"
        )


def side_by_side(
    what: str, ours: Callable[[], float], peer: Callable[[], float], *, unit: str, target: float, rounds: int = 5
) -> Figure:
    """Measure both in turn, so that whatever else the machine does falls on both; medians."""
    found: list[tuple[float, float]] = [(ours(), peer()) for _ in range(rounds)]
    our_median, peer_median = median(a for a, _ in found), median(b for _, b in found)
    return Figure(what, our_median, peer_median, unit, our_median / peer_median, target)


def table(figures: Iterable[Figure]) -> str:
    """All figures, a line each."""
    return "\n".join(str(figure) for figure in figures)
