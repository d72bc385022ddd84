"""The tables of docs/case.md, written from the table of states: `python -m tests.support.case_document` does it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from shared.contracts.words import TYPES
from shared.kernel.case_states import BACK, FINAL, MARKS, MOVES, SETTLED, STATES, Move, State

DOCUMENT = Path(__file__).parents[2] / "docs" / "case.md"


def states() -> str:
    rows = []
    for state, row in STATES.items():
        kind = "final" if state in FINAL else "settled" if state in SETTLED else "open"
        rows.append((f"`{state.value}`", row.zh, row.step.zh, row.clock or "–", kind))
    return _table(("State", "中文", "Step", "Clock", ""), rows)


def moves() -> str:
    rows = []
    for (event, roles), found in _by_event(MOVES).items():
        sources = ", ".join("new" if move.source is None else move.source.value for move in found)
        to = f"where it stood: {', '.join(sorted(BACK[event]))}" if event in BACK else found[0].target.value
        rows.append((f"`{event}`", TYPES[event], sources, to, _who(roles)))
    return _table(("Event", "中文", "From", "To", "Who"), rows)


def marks() -> str:
    rows = []
    for (event, roles), found in _by_event(MARKS).items():
        sources = ", ".join(move.target.value for move in found)
        rows.append((f"`{event}`", TYPES[event], sources, _who(roles)))
    return _table(("Event", "中文", "While it is", "Who"), rows)


def _by_event(found: Iterable[Move]) -> dict[tuple[str, frozenset[str]], list[Move]]:
    """What one line of the table says, together."""
    lines: dict[tuple[str, frozenset[str]], list[Move]] = {}
    for move in found:
        lines.setdefault((move.event, move.roles), []).append(move)
    return lines


def _who(roles: frozenset[str]) -> str:
    return ", ".join(sorted(roles))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def written(text: str) -> str:
    """The document with its tables as they ought to be."""
    for name, table in (("states", states()), ("moves", moves()), ("marks", marks())):
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = pattern.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)  # type: ignore[misc]
    return text


def every_state_is_shown(text: str) -> bool:
    return all(f"| `{state.value}` |" in text for state in State)


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
