"""The demonstration's reports: read from their file, and held to the reference data they refer to."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.reference.files import PANLONG, Reference, read
from shared.kernel.errors import Invalid

FILE = Path(__file__).parent / "demo_reports.toml"

STORIES = frozenset(
    {
        *("submitted", "verify_wait", "verified", "accepted", "rejected"),
        *("dispatched", "returned", "signed", "handling", "responded", "checking", "reworked"),
        *("closed", "closed_satisfied", "closed_fair", "closed_reopen", "reopened", "archived"),
    }
)
"""How far the script drives a report; `merge:<key>` besides."""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """One report of the demonstration."""

    key: str
    source: str
    area: str
    place: str
    point: dict[str, float]
    issue_type: str
    title: str
    words: str
    story: str

    @property
    def merged_into(self) -> str | None:
        """The key of the report that this one is a duplicate of."""
        return self.story.removeprefix("merge:") if self.story.startswith("merge:") else None


def demo_reports(file: Path = FILE, reference: Path = PANLONG) -> tuple[DemoReport, ...]:
    """Every report. Raises Invalid naming the report that leads nowhere."""
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    try:
        found = tuple(DemoReport(**entry) for entry in content["report"])
    except (KeyError, TypeError) as error:
        raise Invalid(f"{file.name} is wrong: {error}", where=str(file)) from error
    known = read(reference)
    keys = {report.key for report in found}
    if len(keys) != len(found):
        raise Invalid(f"{file.name} uses a key twice", where=str(file))
    for report in found:
        _check(report, known, keys, file)
    return found


def _check(report: DemoReport, known: Reference, keys: set[str], file: Path) -> None:
    checks: list[tuple[bool, Any]] = [
        (report.area in {entry.event.path for entry in known.areas}, report.area),
        (report.issue_type in {entry.event.code for entry in known.issue_types}, report.issue_type),
        (report.merged_into in keys if report.merged_into else report.story in STORIES, report.story),
    ]
    for good, said in checks:
        if not good:
            raise Invalid(f"{file.name}, {report.key}: {said} leads nowhere", where=str(file))
