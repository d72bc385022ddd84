"""Which area a row lies in: by names in its text, by a table, or by columns that become areas of a district's tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deploy.imports.mapping_parts import Level, Places
from deploy.imports.rejects import Reject
from shared.contracts.area import AreaCreated
from shared.kernel.area import Area

Values = Mapping[str, str]
_MOST = {2: 999, 3: 999, 4: 999, 5: 99_999}
"""How many areas one parent can have at each tier: the width of the codes."""


@dataclass
class PlaceFinder:
    """Answers a row's area; `made` are the areas that had to be made for it, parents first."""

    rules: Places
    known: Iterable[AreaCreated]
    """The areas that exist: the reference data's, and those that an earlier import made."""
    made: list[AreaCreated] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._paths: set[str] = set()
        self._children: dict[str, dict[str, str]] = {}
        for area in self.known:
            self._remember(area)
        if self.rules.by == "levels" and self.rules.district.path not in self._paths:
            self._make(
                AreaCreated(path=self.rules.district.path, name=self.rules.district_name, kind="区", centre=None)
            )
        self._names = [
            [(_any_of(name.words), name.area) for name in self.rules.names if name.weak is weak]
            for weak in (False, True)
        ]

    def _remember(self, area: AreaCreated) -> None:
        self._paths.add(area.path)
        parent = area.path.rpartition(".")[0]
        self._children.setdefault(parent, {})[area.name.casefold()] = area.path

    def _make(self, area: AreaCreated) -> None:
        self._remember(area)
        self.made.append(area)

    def find(self, values: Values) -> Area:
        """The narrowest area that the row tells. Raises Reject saying why there is none."""
        match self.rules.by:
            case "names":
                return self._named(values)
            case "table":
                return self._listed(values)
            case _:
                return self._levelled(values)

    def _named(self, values: Values) -> Area:
        """The name that stands first in the first text that has one; weak names when there is no other."""
        texts = [values.get(column, "") for column in self.rules.text]
        for names in self._names:
            for text in texts:
                found = [(match.start(), area) for words, area in names if (match := words.search(text))]
                if found:
                    return self._existing(min(found)[1])
        if self.rules.elsewhere is not None:
            for text in texts:
                if outside := self.rules.elsewhere.search(text):
                    raise Reject(f"it names a place outside: {outside[0]}")
        raise Reject("it names no place that the table knows")

    def _listed(self, values: Values) -> Area:
        said = values[self.rules.column or ""].strip()
        path = self.rules.table.get(said)
        if path is None:
            raise Reject(f"the table of areas does not know {said[:60]!r}")
        return self._existing(Area(path))

    def _existing(self, area: Area) -> Area:
        if area.path not in self._paths:
            raise Reject(f"its place leads to {area}, which the reference data does not list")
        return area

    def _levelled(self, values: Values) -> Area:
        """A place that is told down to some tier lies there: a row without a ward belongs to its neighbourhood."""
        here = self.rules.district.path
        for level in self.rules.levels:
            name = _tidy(values[level.column], level)
            if not name:
                break
            here = self._children.get(here, {}).get(name.casefold()) or self._child(here, name, level.kind)
        return Area(here)

    def _child(self, parent: str, name: str, kind: str) -> str:
        tier = parent.count(".") + 2
        number = len(self._children.get(parent, {})) + 1
        if number > _MOST[tier]:
            raise Reject(f"{parent} has no codes left for another {kind}")
        path = f"{parent}.{number:0{5 if tier == 5 else 3}}"
        self._make(AreaCreated(path=path, name=name, kind=kind, centre=None))
        return path


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words)))


def _tidy(text: str, level: Level) -> str:
    said = " ".join(text.split())
    if level.pattern is None or not said:
        return said
    found = level.pattern.search(said)
    if found is None:
        return ""
    part = found[1] if found.lastindex else found[0]
    return level.template.replace("{}", part)
