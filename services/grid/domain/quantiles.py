"""Medians from counters: durations fall into buckets whose width grows with the duration.

Bucket i holds the durations of more than G^(i-1) and at most G^i seconds. With G = (1 + e) / (1 - e) and the answer
2·G^i / (G + 1), no duration of the bucket is further than e from the answer, relatively. That is the scheme of
DDSketch (Masson, Rim, Lee, VLDB 2019); being plain counts, the buckets of two areas add up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

RELATIVE_ERROR = 0.02
"""Of a quantile from these buckets, against the same rank's true value; for durations of a second and more."""
_GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GROWTH = math.log(_GROWTH)
WIDE_ERROR = 0.05
"""The same for the wide buckets."""
_WIDE_GROWTH = (1 + WIDE_ERROR) / (1 - WIDE_ERROR)
_LOG_WIDE_GROWTH = math.log(_WIDE_GROWTH)


def bucket(seconds: float) -> str:
    """The bucket of a duration as a counter's key; anything up to a second is in the first."""
    return f"{max(0, math.ceil(math.log(seconds) / _LOG_GROWTH - 1e-9)):04d}" if seconds > 1 else "0000"


def seconds_of(key: str) -> float:
    """The duration that a bucket stands for, in seconds."""
    return 2 * _GROWTH ** int(key) / (_GROWTH + 1)


def wide_bucket(seconds: float) -> str:
    """The same with wider buckets, for what is counted in many places."""
    return f"{max(0, math.ceil(math.log(seconds) / _LOG_WIDE_GROWTH - 1e-9)):03d}" if seconds > 1 else "000"


def wide_quantile(counts: Mapping[str, int], share: float) -> float | None:
    """`quantile` for wide buckets."""
    key = ranked(counts, share)
    return None if key is None else 2 * _WIDE_GROWTH ** int(key) / (_WIDE_GROWTH + 1)


def quantile(counts: Mapping[str, int], share: float) -> float | None:
    """The duration in seconds below which that share of the counted ones lies (nearest rank); None for none."""
    key = ranked(counts, share)
    return None if key is None else seconds_of(key)


def ranked(counts: Mapping[str, int], share: float) -> str | None:
    """The bucket below whose end that share of the counted ones lies (nearest rank); None for none."""
    total = sum(counts.values())
    if total <= 0:
        return None
    rank = max(1, math.ceil(share * total - 1e-9))
    seen = 0
    for key in sorted(counts):
        seen += counts[key]
        if seen >= rank:
            return key
    raise ValueError("the counts add up to less than their sum")
