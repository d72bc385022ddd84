"""A database with rules, posts and many issues with clocks, and timers as processes that may be killed.

Run as a program it is one timer at a moment that stands still: `python -m tests.support.clock_city URL INSTANT`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from deploy.wuji.timer import clockwork
from services.dispatch.clocks.facts import draft
from services.dispatch.clocks.keep import addition
from services.dispatch.clocks.process import Clockwork
from services.dispatch.domain.lines import RulebookEvent, stream_of
from services.dispatch.projections import PROJECTIONS
from shared.contracts.appointment import AppointmentStarted
from shared.contracts.case import CaseFiled, Loop
from shared.contracts.envelope import Actor
from shared.contracts.report import Source, Urgency
from shared.kernel.area import Area
from shared.kernel.ids import derived_id, new_id
from shared.ports import Append, Happening
from tests.support.cases import COMMUNITY, DISTRICT, LINES
from tests.support.clocks import POSTS, RULES, STANDARDS
from tests.support.database import Database
from tests.support.projected import project

FILED_AT = datetime.fromisoformat("2026-11-23 10:00+08:00")
"""A Monday morning: dispatching is due at 11:00, with an hour for it."""
ACTOR = Actor("t", "operator")


@dataclass
class ClockCity:
    """The database, and the timers that run on it."""

    database: Database
    lines: Sequence[RulebookEvent] = (*LINES, *STANDARDS)
    _timers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.log = self.database.log("dispatch")
        self.say(*self.lines)
        grid = self.database.log("grid")
        for path, holders in POSTS.holders.items():
            for holder in holders:
                event = AppointmentStarted(
                    appointment_id=new_id(),
                    person=holder.person,
                    post=holder.post,
                    area=path,
                    grid=None,
                    since=holder.since,
                )
                grid.append(appending(f"appointment-{event.appointment_id}", 0, event, Area(path), new_id(), FILED_AT))
        self.project()

    def say(self, *lines: RulebookEvent) -> None:
        """Lines of the rulebook, or newer words of them."""
        for line in lines:
            stream = stream_of(line)
            version = len(self.log.stream(stream))
            self.log.append(appending(stream, version, line, DISTRICT, new_id(), FILED_AT))

    def project(self) -> None:
        """Everything that dispatch looks up is up to date."""
        project(self.database, PROJECTIONS)

    def filed(self, count: int, area: Area = COMMUNITY, at: datetime = FILED_AT) -> list[UUID]:
        """So many issues that were filed then, each with its clock for dispatching."""
        ids = [new_id() for _ in range(count)]
        self._bulk([appending(f"case-{one}", 0, _filed(one, at), area, one, at) for one in ids])
        histories = self.log.about_all(ids)
        found = [(history, draft(history, RULES, at)) for history in histories.values()]
        self._bulk([addition(history, one, one.facts_in_order) for history, one in found])
        return ids

    def _bulk(self, appends: list[Append]) -> None:
        for answer in self.log.bulk_append(appends):
            if isinstance(answer, Exception):
                raise answer

    def said(self, *kinds: str) -> list[tuple[str, str, int]]:
        """What was said about clocks: stream, type, and how often."""
        return self.database.query(
            "SELECT stream, type, count(*) FROM es.events WHERE type = ANY(%s) GROUP BY 1, 2", [list(kinds)]
        )

    def works(self, now: datetime, batch: int = 200) -> Clockwork:
        """A timer in this process, at a moment that stands still."""
        works = clockwork(self.database.url("timer"), batch)
        works.now = lambda: now
        return works

    # --- timers as processes ------------------------------------------------------------------------------------

    def start_timer(self, now: datetime, batch: int = 200) -> subprocess.Popen[bytes]:
        """One more of them."""
        command = [sys.executable, "-m", "tests.support.clock_city", self.database.url("timer"), now.isoformat()]
        timer = subprocess.Popen([*command, str(batch)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._timers.append(timer)
        return timer

    def kill_timers(self) -> None:
        """Without a word."""
        for timer in self._timers:
            if timer.poll() is None:
                os.kill(timer.pid, signal.SIGKILL)
            timer.communicate()
        self._timers.clear()

    @contextmanager
    def projecting(self, every: float = 0.2) -> Iterator[None]:
        """The index of due times follows while the block runs, as the projector would keep it."""
        stop = threading.Event()

        def follow() -> None:
            while not stop.wait(every):
                self.project()

        thread = threading.Thread(target=follow)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            self.project()


def _filed(case_id: UUID, at: datetime) -> CaseFiled:
    return CaseFiled(
        case_id=case_id,
        number="20261123530103000001",
        source=Source.RESIDENT,
        subject_id=None,
        issue_type="E-09-01",
        urgency=Urgency.NORMAL,
        loop=Loop.COMMUNITY,
        title="t",
        words="w",
        place=None,
        point=None,
        reported_at=at,
    )


def appending(stream: str, expected: int, event: Any, area: Area, about: UUID, at: datetime) -> Append:
    return Append(
        stream=stream,
        expected=expected,
        happenings=(Happening(event, at, derived_id("e", stream, expected)),),
        area=area,
        actor=ACTOR,
        correlation_id=about,
    )


def main(url: str, instant: str, batch: str) -> None:
    """A timer that goes round until it is killed."""
    works = clockwork(url, int(batch))
    now = datetime.fromisoformat(instant)
    works.now = lambda: now
    works.rest = 0.05
    works.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
