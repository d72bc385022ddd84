"""How alike two short texts of people are who tell of the same thing in their own words."""

from __future__ import annotations

import unicodedata

from rapidfuzz import fuzz


def likeness(one: str, other: str) -> float:
    """How alike two texts are, from 0 to 1, character by character: in their order, and whatever their order.

    Chinese has no spaces, and people turn sentences round ("楼下飞线充电", "飞线充电，就在楼下").
    """
    left, right = letters(one), letters(other)
    if not left or not right:
        return 0.0
    in_order = fuzz.ratio(left, right)
    any_order = fuzz.ratio("".join(sorted(left)), "".join(sorted(right)))
    contained = fuzz.partial_ratio(left, right) if min(len(left), len(right)) >= 6 else 0.0
    return max((in_order + any_order) / 2, 0.85 * contained) / 100


def letters(text: str) -> str:
    """What is said, without blanks and signs, in one form of every character."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())
