"""The projected lines of a rulebook, in memory: every word with its place in the log, and how often it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.dispatch.domain.lines import Withdrawal, place_of
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.codec import encode

Row = dict[str, Any]


class RulebookRows:
    """`shared.ports.Rows` for `services.dispatch.rulebooks`, and for nothing else."""

    def __init__(self, *lines: Any) -> None:
        self.is_there = True
        self.watermark = 0
        self.asked: list[str] = []
        self.words: list[tuple[int, Any]] = []
        for line in lines:
            self.say(line)

    def say(self, line: Any) -> int:
        """Another word; its place in the log."""
        position = self.edition + 1
        self.words.append((position, line))
        return position

    @property
    def edition(self) -> int:
        return max((position for position, _ in self.words), default=0)

    def query(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[Row]:
        self.asked.append(statement)
        if "to_regclass" in statement:
            return [{"is_there": self.is_there}]
        if "watermark" in statement:
            return [{"watermark": self.watermark, "edition": self.edition}]
        if "GROUP BY name" in statement:
            return self._policies()
        assert isinstance(parameters, Mapping)
        until = [(position, line) for position, line in self.words if position <= parameters["edition"]]
        if "max(position)" in statement:
            return [{"edition": max((position for position, _ in until), default=None)}]
        latest = {place_of(line): line for _, line in until if place_of(line)[0] != "policy"}
        return [
            {"type": OF_SHAPE[type(line)].name, "version": 1, "body": encode(line), "is_withdrawn": _is_gone(line)}
            for line in latest.values()
        ]

    def execute(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> int:
        raise AssertionError(f"executed {statement} with {parameters}")

    def _policies(self) -> list[Row]:
        found: dict[str, Row] = {}
        for position, line in self.words:
            kind, name = place_of(line)
            if kind == "policy":
                since = found[name]["since"] if name in found else position
                found[name] = {"since": since, "version": 1, "body": encode(line)}
        return list(found.values())


def _is_gone(line: Any) -> bool:
    return isinstance(line, Withdrawal)
