"""One import from beginning to end: the whole file is read through first, and nothing changes unless it is sound.

Rows go in by the thousand. Each row's streams are named after (source, external number), so that a row which is there
already is left alone: running again after a crash adds the rest, and running again after success adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from deploy.imports.history import appends
from deploy.imports.kinds import KindFinder
from deploy.imports.mapping_parts import Mapping
from deploy.imports.places import PlaceFinder
from deploy.imports.reading import Meter, Row, format_of, rows_of
from deploy.imports.rejects import Reject, Rejects
from deploy.imports.rows import Issue, Reader
from deploy.imports.target import Target
from deploy.reference.files import PANLONG, read
from shared.contracts.area import AreaCreated
from shared.contracts.case import Loop
from shared.contracts.rulebook import IssueTypeDefined
from shared.kernel.errors import Conflict, Invalid, WujiError
from shared.ports import Append

AT_ONCE = 1000
"""Rows per step: some ten thousand events."""

Watch = Callable[[str], Meter]
"""Told the name of each pass over the file, and answers what is to hear how many bytes were read."""


@dataclass
class Outcome:
    """What an import did, or would do."""

    rows: int = 0
    new: int = 0
    """Rows of which something was added; in a dry run, rows that could be added."""
    unchanged: int = 0
    rejected: int = 0
    events: int = 0
    areas: int = 0
    issue_types: int = 0
    committed: bool = False
    reasons: dict[str, int] = field(default_factory=dict)
    rejects_file: Path | None = None
    first: str | None = None
    """The stream of the first row that was added."""
    last: str | None = None


@dataclass
class Import:
    """One file, one mapping, one moment. Without a target it is a dry run and changes nothing at all."""

    path: Path
    mapping: Mapping
    at: datetime
    target: Target | None = None
    reference: Path = PANLONG
    rejects_folder: Path | None = None
    watch: Watch = lambda _: lambda _: None

    def run(self) -> Outcome:
        """Check the file, then bring it in. Raises Invalid for a file or mapping that cannot be trusted; nothing was
        changed then. Raises Unavailable when the database goes away in the middle: run again to add the rest."""
        outcome = Outcome(committed=self.target is not None)
        outcome.rows = sum(1 for _ in rows_of(self.path, self.mapping, self.watch("check")))
        self._prepare()
        rejects = Rejects(self._rejects_source(), format_of(self.path, self.mapping))
        try:
            with ThreadPoolExecutor(1, "append") as appender:
                self._bring_in(outcome, rejects, appender)
        finally:
            rejects.close()
        outcome.rejected = rejects.count
        outcome.reasons = dict(rejects.reasons.most_common())
        outcome.rejects_file = rejects.path if rejects.count else None
        return outcome

    def _prepare(self) -> None:
        mapping, target = self.mapping, self.target
        areas: list[AreaCreated] = []
        kinds: list[IssueTypeDefined] = []
        if mapping.places.by != "levels" or mapping.kinds.by != "columns":
            reference = read(self.reference)
            if reference.faults:
                raise Invalid(f"the reference data is wrong: {reference.faults[0]}", where=str(self.reference))
            areas = [entry.event for entry in reference.areas]
            kinds = [entry.event for entry in reference.issue_types]
        if target is not None:
            target.require_reference(mapping)
            areas += target.areas(mapping.places.district) if mapping.places.by == "levels" else []
            kinds += target.kinds(mapping.kinds.prefix) if mapping.kinds.by == "columns" else []
            target.add_departments(mapping, self.at)
        self._loops = {kind.code: kind.loop for kind in kinds}
        self._places = PlaceFinder(mapping.places, areas)
        self._kinds = KindFinder(mapping.kinds, kinds)
        self._reader = Reader(mapping, self._places, self._kinds, self.at)

    def _rejects_source(self) -> Path:
        folder = self.rejects_folder or self.path.parent
        probe = folder / f".{self.path.name}.probe"
        try:
            probe.touch()
            probe.unlink()
        except OSError:
            folder = Path.cwd()
        return folder / self.path.name

    def _bring_in(self, outcome: Outcome, rejects: Rejects, appender: ThreadPoolExecutor) -> None:
        """Understand the next step while the one before is being stored."""
        before: Future[None] | None = None
        rows = rows_of(self.path, self.mapping, self.watch("import"))
        while batch := list(islice(rows, AT_ONCE)):
            step = list(self._understood(batch, rejects))
            areas, kinds = self._taken()
            outcome.areas += len(areas)
            outcome.issue_types += len(kinds)
            if before is not None:
                before.result()
            before = appender.submit(self._store, step, areas, kinds, outcome, rejects)
        if before is not None:
            before.result()

    def _taken(self) -> tuple[list[AreaCreated], list[IssueTypeDefined]]:
        areas, self._places.made = self._places.made, []
        kinds, self._kinds.made = self._kinds.made, []
        return areas, kinds

    def _understood(self, batch: list[Row], rejects: Rejects) -> Iterator[tuple[Row, Issue, tuple[Append, ...]]]:
        mapping = self.mapping
        for row in batch:
            try:
                issue = self._reader.understand(row)
                loop = self._loops.get(issue.issue_type, Loop.DISTRICT)
                found = appends(issue, loop, mapping.urgency, mapping.until, mapping.origin.title)
            except Reject as reason:
                rejects.add(row, str(reason))
                continue
            yield row, issue, found

    def _store(
        self,
        step: list[tuple[Row, Issue, tuple[Append, ...]]],
        areas: list[AreaCreated],
        kinds: list[IssueTypeDefined],
        outcome: Outcome,
        rejects: Rejects,
    ) -> None:
        if self.target is None:
            outcome.new += len(step)
            outcome.events += sum(len(append.happenings) for _, _, found in step for append in found)
            return
        target, mapping = self.target, self.mapping
        if areas:
            target.add_areas(areas, mapping.places.district, self.at)
        if kinds:
            target.add_kinds(kinds, mapping.kinds.prefix, mapping.places.district, self.at)
        known = target.known([append.stream for _, _, found in step for append in found])
        wanted = [
            (row, issue, missing)
            for row, issue, found in step
            if (missing := [append for append in found if append.stream not in known])
        ]
        outcome.unchanged += len(step) - len(wanted)
        target.add_sealed([issue for _, issue, _ in wanted if issue.is_personal], self.at)
        self._append(wanted, target, outcome, rejects)

    def _append(
        self,
        wanted: list[tuple[Row, Issue, list[Append]]],
        target: Target,
        outcome: Outcome,
        rejects: Rejects,
    ) -> None:
        answers = iter(target.importer.bulk_append([append for _, _, missing in wanted for append in missing]))
        for row, _, missing in wanted:
            added = 0
            refusal: Exception | None = None
            for append, answer in zip(missing, answers, strict=False):
                if isinstance(answer, Exception):
                    refusal = refusal or answer
                else:
                    added += len(append.happenings)
            if isinstance(refusal, Invalid):
                rejects.add(row, f"the log refuses it: {refusal}")
            elif refusal is not None and not isinstance(refusal, Conflict):
                raise refusal
            elif added:
                outcome.new += 1
                outcome.first = outcome.first or missing[0].stream
                outcome.last = missing[-1].stream
            else:
                outcome.unchanged += 1
            outcome.events += added


def failed_because(error: WujiError) -> str:
    """The error with its remedy, for people."""
    return str(error) + (f"\n{error.hint}" if error.hint else "")
