"""A service whose reaction needs the database; run it with `python -m tests.support.tiny_keeper`."""

from __future__ import annotations

import eventlet

if __name__ == "__main__":
    eventlet.monkey_patch()

import os
import sys

from shared.contracts.case import CaseClosed
from shared.contracts.envelope import Recorded
from shared.entrypoints.on import on
from shared.entrypoints.providers import Log
from shared.entrypoints.runner import run
from shared.kernel.errors import Unavailable


class TinyKeeper:
    """Reads the case's stream, then writes a line in the journal."""

    name = "dispatch"
    log = Log()

    @on(CaseClosed)
    def react(self, recorded: Recorded[CaseClosed]) -> None:
        if recorded.event.answer == "elsewhere":
            raise Unavailable("what this needs is made by somebody else")
        self.log.stream(recorded.stream)
        with open(os.environ["WUJI_TEST_JOURNAL"], "a", encoding="utf-8") as journal:
            journal.write(f"ended {recorded.event_id}\n")


if __name__ == "__main__":
    sys.exit(run(lambda: TinyKeeper, "dispatch"))
