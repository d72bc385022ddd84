"""Which area a feature bounds: by its code or path, else by its name among the areas that may be meant."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.boundaries.faults import Fault
from deploy.boundaries.ground import Ground, Known
from deploy.local.words import say
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Invalid

CODES = ("path", "code", "area", "area_code", "adcode", "xzqdm", "dm", "区划代码", "行政区划代码", "代码", "编码", "gb")
NAMES = ("name", "xzqmc", "mc", "名称", "区划名称", "fullname")


@dataclass(frozen=True, slots=True)
class Wish:
    """How features are told from each other."""

    key: str | None = None
    """The property that holds the code; the usual ones when not given."""
    name_key: str | None = None
    tier: Tier | None = None
    """Only areas of that tier are meant."""
    within: Area | None = None
    """Only areas in that one are meant."""


def name_of(properties: Mapping[str, Any], wish: Wish) -> str:
    """What the feature calls itself; empty when it does not."""
    value = _property(properties, (wish.name_key,) if wish.name_key else NAMES)
    return " ".join(str(value or "").split())


def area_of(properties: Mapping[str, Any], ground: Ground, wish: Wish) -> Known:
    """The area. Raises Fault."""
    code = _property(properties, (wish.key,) if wish.key else CODES)
    if code not in (None, ""):
        return _of_code(str(code), ground, wish)
    name = name_of(properties, wish)
    if name:
        return _of_name(name, ground, wish)
    raise Fault(
        "area.unnamed",
        say("没有区划代码，也没有名称", "it has neither a code nor a name"),
        say(f"属性有: {_listed(properties)}；用 --key 指明", f"it has {_listed(properties)}: say which with --key"),
    )


def _of_code(code: str, ground: Ground, wish: Wish) -> Known:
    text = code.strip().removesuffix(".0")
    if len(text) == 9 and text.startswith("156") and text[3:] in ground.areas:
        # National map services put the number of the country before a district's code.
        text = text[3:]
    try:
        area = Area.parse(text)
    except Invalid as error:
        raise Fault(
            "area.code", str(error), say("用 --key 指明代码在哪个属性", "say where it is with --key")
        ) from error
    known = ground.areas.get(area.path)
    if known is None:
        raise Fault(
            "area.unknown",
            say(f"没有区域 {area}", f"there is no area {area}"),
            say("先建立该区域，或改正代码", "create the area first, or correct the code"),
        )
    return _meant(known, wish)


def _meant(known: Known, wish: Wish) -> Known:
    if wish.tier is not None and known.area.tier is not wish.tier:
        raise Fault(
            "area.tier",
            say(f"{known.name} 是{known.area.tier.zh}", f"{known.name} is a {known.area.tier.label}"),
            say("改 --tier，或另存该层级", "change --tier, or keep that tier in a file of its own"),
        )
    if wish.within is not None and not known.area.is_within(wish.within):
        raise Fault(
            "area.elsewhere",
            say(f"{known.area} 不在 {wish.within} 内", f"{known.area} does not lie in {wish.within}"),
            say("改 --area", "change --area"),
        )
    return known


def _of_name(name: str, ground: Ground, wish: Wish) -> Known:
    meant = [
        one
        for one in ground.areas.values()
        if (wish.tier is None or one.area.tier is wish.tier)
        and (wish.within is None or one.area.is_within(wish.within))
    ]
    found = [one for one in meant if one.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise Fault(
            "area.several",
            say(f"有 {len(found)} 个“{name}”", f"{len(found)} areas are called {name}"),
            say("用 --tier、--area，或写上代码", "use --tier or --area, or give codes"),
        )
    close = difflib.get_close_matches(name, [one.name for one in meant], n=1)
    raise Fault(
        "area.unknown",
        say(f"没有叫“{name}”的区域", f"there is no area called {name}"),
        close[0] if close else say("写上区划代码", "give its code"),
    )


def _property(properties: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    lowered = {str(name).strip().lower(): value for name, value in properties.items()}
    return next((lowered[name.lower()] for name in names if lowered.get(name.lower()) not in (None, "")), None)


def _listed(properties: Mapping[str, Any]) -> str:
    return ", ".join(str(name) for name in list(properties)[:12]) or "-"
