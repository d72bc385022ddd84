"""Figures → points, as cities publish them. A score is a view of figures; none is kept.

Jinniu 金牛区 weighs five figures of a department 30/20/20/20/10, where less is better for all but the first two.
Jinhua 金华 gives points for reaching a threshold, and takes some for every case that was sent back.
"""

from __future__ import annotations

from collections.abc import Mapping

JINNIU: tuple[tuple[str, int, bool], ...] = (
    ("handled_on_time", 30, True),
    ("handled", 20, True),
    ("rework", 20, False),
    ("overdue", 20, False),
    ("extended", 10, False),
)
"""Indicator, its weight, whether more is better."""

_ON_TIME, _CLOSED = (0.70, 50.0), (0.90, 20.0)
_REWORK, _REWORK_FROM_THIRD = 0.2, 0.5


def jinniu(ratios: Mapping[str, float | None]) -> float | None:
    """0 to 100 points from the five ratios (each 0 to 1); None where one of them has no denominator."""
    total = 0.0
    for code, weight, more_is_better in JINNIU:
        ratio = ratios.get(code)
        if ratio is None:
            return None
        total += weight * (ratio if more_is_better else 1 - ratio)
    return round(total, 2)


def jinhua(closed_on_time: float | None, closed: float | None, failed_checks: list[int]) -> float | None:
    """Points out of 70 for closing: the full 50 from 70 % on time, the full 20 from 90 % closed, less below in
    proportion; minus 0.2 for each time that a case was sent back, 0.5 from its third time on. `failed_checks` has the
    number of failed checks of each case. None without a denominator."""
    if closed_on_time is None or closed is None:
        return None
    points = sum(
        full * min(1.0, ratio / goal) for ratio, (goal, full) in ((closed_on_time, _ON_TIME), (closed, _CLOSED))
    )
    lost = sum(_REWORK * min(times, 2) + _REWORK_FROM_THIRD * max(times - 2, 0) for times in failed_checks)
    return round(max(points - lost, 0.0), 2)
