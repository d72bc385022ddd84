"""Which events a filter wants: pure, the same for the courier, the pull feed and every replay."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from shared.contracts import public
from shared.contracts.subscription import Filter
from shared.kernel.area import Area
from shared.kernel.errors import Invalid

_PATTERN = re.compile(r"(?P<type>\*|(?:\*|[a-z][a-z_]*)\.(?:\*|[a-z][a-z_]*))(?:\.v(?P<version>[1-9][0-9]{0,3}))?")
_ISSUE_TYPE = re.compile(r"[A-Z](-[0-9]{2}){0,2}")
MOST = 100
"""Entries of each list of a filter."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a case at one position, because not every event repeats it."""

    issue_type: str | None = None
    departments: frozenset[str] = frozenset()
    """Everybody to whom the case was ever given, as lead or co-handler."""


NOTHING = Facts()


def needs_facts(wanted: Filter) -> bool:
    """Whether matching takes more than the event's type and area."""
    return bool(wanted.issue_types or wanted.departments)


def matches(wanted: Filter, event_type: str, area: str, facts: Facts = NOTHING) -> bool:
    """Whether the filter wants a public event of this type, there, about such a case. Shapes as in `Filter`."""
    return (
        public.is_public(event_type)
        and _any_type(wanted.types, event_type)
        and (not wanted.areas or any(area == one or area.startswith(one + ".") for one in wanted.areas))
        and (not wanted.issue_types or _any_issue_type(wanted.issue_types, facts.issue_type))
        and (not wanted.departments or not facts.departments.isdisjoint(wanted.departments))
    )


def version_wanted(wanted: Filter, event_type: str) -> int | None:
    """The version that the filter names for this type (`case.filed.v1`); None for the newest."""
    for pattern in wanted.types:
        name, version = _parts(pattern)
        if version is not None and _fits(name, event_type):
            return version
    return None


def checked(wanted: Filter, on: date | None = None) -> Filter:
    """The filter with its areas as paths. Raises Invalid naming the entry that is wrong, or that nothing can match:
    a version may have come to its end by the day `on` (today)."""
    for name in ("types", "areas", "issue_types", "departments"):
        if len(getattr(wanted, name)) > MOST:
            raise Invalid(f"a filter has at most {MOST} {name}", where=f"filter.{name}")
    known = public.public_types()
    for pattern in wanted.types:
        if not _PATTERN.fullmatch(pattern):
            raise Invalid(
                f"{pattern[:60]!r} is no event type or pattern", where="filter.types", hint="case.dispatched, case.*, *"
            )
        if not any(_fits(_parts(pattern)[0], name) for name in known):
            raise Invalid(f"no public event is a {pattern[:60]}", where="filter.types", hint=", ".join(known))
        _check_version(pattern, known, on)
    for code in wanted.issue_types:
        if not _ISSUE_TYPE.fullmatch(code):
            raise Invalid(f"{code[:40]!r} is no issue type", where="filter.issue_types", hint="E, E-01 or E-01-02")
    return Filter(
        types=wanted.types,
        areas=tuple(Area.parse(area).path for area in wanted.areas),
        issue_types=wanted.issue_types,
        departments=wanted.departments,
    )


def _check_version(pattern: str, known: Iterable[str], on: date | None) -> None:
    name, version = _parts(pattern)
    if version is None:
        return
    published = [found for one in known if _fits(name, one) for found in public.versions_on(one, on)]
    if all(found.version != version for found in published):
        raise Invalid(
            f"no {pattern[:60]} is published",
            where="filter.types",
            hint=", ".join(f"{found.name}.v{found.version}" for found in published),
        )


def routing_keys(wanted: Filter) -> list[str]:
    """The filter's types and areas in the words of a topic exchange: `case.*.530103.004.#`."""
    names = [_parts(pattern)[0] for pattern in wanted.types] or ["*"]
    spelled = ["*.*" if name == "*" else name for name in names]
    return [f"{name}.{area}.#" if area else f"{name}.#" for name in spelled for area in wanted.areas or ("",)]


@lru_cache(maxsize=65536)
def _any_type(patterns: tuple[str, ...], event_type: str) -> bool:
    return not patterns or any(_fits(_parts(pattern)[0], event_type) for pattern in patterns)


def _any_issue_type(wanted: tuple[str, ...], found: str | None) -> bool:
    return found is not None and any(found == one or found.startswith(one + "-") for one in wanted)


def _fits(pattern: str, event_type: str) -> bool:
    if pattern == "*":
        return True
    ours, theirs = pattern.split("."), event_type.split(".")
    return len(ours) == len(theirs) and all(one in ("*", other) for one, other in zip(ours, theirs, strict=True))


@lru_cache(maxsize=4096)
def _parts(pattern: str) -> tuple[str, int | None]:
    found = _PATTERN.fullmatch(pattern)
    if found is None:
        return pattern, None
    return found["type"], int(found["version"]) if found["version"] else None
