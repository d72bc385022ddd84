"""A service whose reactions do what the event tells them; run it with `python -m tests.support.tiny_reactions`.

Every beginning and end of a handler is a line in the journal, so that a test sees what ran, and how often.
"""

from __future__ import annotations

import eventlet

if __name__ == "__main__":
    eventlet.monkey_patch()

import os
import sys
import time

from shared.contracts.case import CaseArchived, CaseClosed
from shared.contracts.envelope import Recorded
from shared.entrypoints.on import on
from shared.entrypoints.runner import run
from shared.kernel.errors import Conflict, Invalid, Refused, Unavailable

_ERRORS = {
    "refused": Refused("the case is closed", rule="case.closed"),
    "conflict": Conflict("somebody else was first"),
    "unavailable": Unavailable("the database is away"),
    "invalid": Invalid("call 13812345678", where="answer"),
    "bug": KeyError("answer"),
}


def _write(word: str, recorded: Recorded[CaseClosed]) -> None:
    with open(os.environ["WUJI_TEST_JOURNAL"], "a", encoding="utf-8") as journal:
        journal.write(f"{word} {recorded.event_id} {recorded.event.answer}\n")


class TinyReactions:
    """Reactions for tests: the closing answer says how the handler ends."""

    name = "dispatch"

    @on(CaseClosed)
    def react(self, recorded: Recorded[CaseClosed]) -> None:
        _write("began", recorded)
        word, _, amount = recorded.event.answer.partition(" ")
        if word == "sleep":
            time.sleep(float(amount))
        if word == "lose" and _times(recorded) <= int(amount):
            raise Conflict("somebody else was first")
        if word == "away" and _times(recorded) <= int(amount):
            raise Unavailable("the database is away")
        if word in _ERRORS:
            raise _ERRORS[word]
        _write("ended", recorded)

    @on(CaseClosed, history=True)
    def remember(self, recorded: Recorded[CaseClosed]) -> None:
        _write("remembered", recorded)

    @on(CaseArchived)
    def idle(self, recorded: Recorded[CaseArchived]) -> None:
        """Nothing is ever sent here."""


def _times(recorded: Recorded[CaseClosed]) -> int:
    with open(os.environ["WUJI_TEST_JOURNAL"], encoding="utf-8") as journal:
        return sum(line.startswith(f"began {recorded.event_id}") for line in journal)


if __name__ == "__main__":
    sys.exit(run(lambda: TinyReactions, "dispatch"))
