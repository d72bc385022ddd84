"""Areas: the five tiers, their national codes, and the path whose every prefix is a tier.

A path is `530103.004.012.003.00007`: district 区, street 街道, community 社区, group 居民小组, building 楼栋.
The national code is the same digits without the dots (GB/T 2260 for the district, GB/T 10114 and the
statistical division codes below it: 6, 9, 12 and 15 digits); a building adds five local digits, 20 in all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from shared.kernel.errors import Invalid

_WIDTHS = (6, 3, 3, 3, 5)
_CODE_LENGTHS = (6, 9, 12, 15, 20)
_PATH = re.compile(r"[0-9]{6}(?:\.[0-9]{3}(?:\.[0-9]{3}(?:\.[0-9]{3}(?:\.[0-9]{5})?)?)?)?")


class Tier(IntEnum):
    """The five tiers, from the widest to the narrowest."""

    DISTRICT = 1
    STREET = 2
    COMMUNITY = 3
    GROUP = 4
    BUILDING = 5

    @property
    def label(self) -> str:
        """The lower-case name used on the wire: `street`."""
        return self.name.lower()

    @property
    def zh(self) -> str:
        """The name that people use: `街道`."""
        return ("区", "街道", "社区", "居民小组", "楼栋")[self - 1]


@dataclass(frozen=True, slots=True, order=True)
class Area:
    """One node of the area tree, named by its path. Make one with `Area.parse`, which refuses wrong codes."""

    path: str

    @classmethod
    def parse(cls, text: str) -> Area:
        """Read a path (`530103.004`) or a national code (`530103004`, or `530103004000` with its padding zeros).

        Raises Invalid, saying what is wrong with the code and what a right one looks like.
        """
        if _PATH.fullmatch(text):
            return cls(text)
        if text.isascii() and text.isdigit():
            return cls._from_code(text)
        raise Invalid(
            f"{text[:40]!r} is no area: a path has segments of 6, 3, 3, 3 and 5 digits with dots between",
            hint="for example 530103 (district), 530103.004 (street), 530103.004.012.003.00007 (building)",
        )

    @classmethod
    def _from_code(cls, code: str) -> Area:
        if len(code) == 12:
            code = _without_padding(code)
        if len(code) not in _CODE_LENGTHS:
            raise Invalid(
                f"{code[:40]!r} has {len(code)} digits: an area code has 6 (district), 9 (street), "
                "12 (community), 15 (group) or 20 (building)"
            )
        segments, start = [], 0
        for width in _WIDTHS[: _CODE_LENGTHS.index(len(code)) + 1]:
            segments.append(code[start : start + width])
            start += width
        return cls(".".join(segments))

    @property
    def tier(self) -> Tier:
        return Tier(self.path.count(".") + 1)

    @property
    def code(self) -> str:
        """The national code: the path's digits, 6, 9, 12, 15 or 20 of them."""
        return self.path.replace(".", "")

    @property
    def parent(self) -> Area | None:
        """One tier up; None above a district."""
        head, dot, _ = self.path.rpartition(".")
        return Area(head) if dot else None

    @property
    def district(self) -> Area:
        return Area(self.path[:6])

    def ancestors(self) -> Iterator[Area]:
        """Itself and everything above it, from the district down: at most five."""
        for end in (6, 10, 14, 18, 24)[: self.tier]:
            yield Area(self.path[:end])

    def at(self, tier: Tier) -> Area | None:
        """The ancestor (or itself) at that tier; None when this area is wider than the tier."""
        return Area(self.path[: (6, 10, 14, 18, 24)[tier - 1]]) if tier <= self.tier else None

    def is_within(self, other: Area) -> bool:
        """Whether this area is the other one or lies inside it."""
        return self.path == other.path or self.path.startswith(other.path + ".")

    def segments(self) -> tuple[str, str, str, str, str]:
        """Five strings for a routing key, `-` where a tier does not apply."""
        parts = self.path.split(".")
        padded = parts + ["-"] * (5 - len(parts))
        return padded[0], padded[1], padded[2], padded[3], padded[4]

    def __str__(self) -> str:
        return self.path


def _without_padding(code: str) -> str:
    """Statistical codes pad districts and streets to 12 digits with zeros: 530103004000 is a street."""
    if code.endswith("000000"):
        return code[:6]
    return code[:9] if code.endswith("000") else code
