"""What is said on which occasion: data in two languages, checked when the service starts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from shared.contracts.notice import RecipientKind
from shared.kernel.errors import Invalid

FOLDER = Path(__file__).with_name("templates")
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Occasion:
    """What may be quoted when this is said, and to whom it is said."""

    to: RecipientKind
    quotes: frozenset[str]


def _to_reporter(*quotes: str) -> Occasion:
    return Occasion(RecipientKind.REPORTER, frozenset({"number", "tracking_url", *quotes}))


def _about_a_desk(*quotes: str) -> Occasion:
    return Occasion(RecipientKind.POST, frozenset({"post", "place", "area", *quotes}))


def _about_a_case(to: RecipientKind, *quotes: str) -> Occasion:
    return Occasion(to, frozenset({"number", "title", *quotes}))


OCCASIONS: dict[str, Occasion] = {
    "report_accepted": _to_reporter(),
    "report_rejected": _to_reporter("reason"),
    "report_appealed": _to_reporter(),
    "report_merged": _to_reporter("into_number"),
    "report_raised": _to_reporter(),
    "case_closed": _to_reporter("answer", "feedback_url"),
    "case_closed_follower": _to_reporter("answer"),
    "case_dispatched": Occasion(
        RecipientKind.DEPARTMENT, frozenset({"number", "title", "department", "because", "due"})
    ),
    "dispatch_recalled": Occasion(RecipientKind.DEPARTMENT, frozenset({"number", "title", "department"})),
    "case_informed": Occasion(RecipientKind.DEPARTMENT, frozenset({"number", "title", "department", "because", "due"})),
    "clock_warned": Occasion(RecipientKind.DEPARTMENT, frozenset({"number", "title", "department", "stage", "due"})),
    "case_urged": Occasion(
        RecipientKind.DEPARTMENT, frozenset({"number", "title", "department", "stage", "due", "because"})
    ),
    "case_escalated": Occasion(
        RecipientKind.POST, frozenset({"number", "title", "post", "rung", "stage", "due", "because"})
    ),
    "duty_gap": _about_a_desk("since", "until"),
    "duty_silent": _about_a_desk("since"),
    "duty_taken_over": _about_a_desk("by"),
    "duty_given_back": _about_a_desk(),
    "visit_overdue": Occasion(RecipientKind.PERSON, frozenset({"post", "household", "area", "due"})),
    "case_problem": _about_a_case(RecipientKind.POST, "post", "kind", "count"),
    "dispute_opened": _about_a_case(RecipientKind.POST, "between", "question", "due"),
    "whistle_blown": _about_a_case(RecipientKind.DEPARTMENT, "department", "reason", "due"),
    "task_added": _about_a_case(RecipientKind.DEPARTMENT, "department", "what", "due"),
    "case_rework": _about_a_case(RecipientKind.DEPARTMENT, "department", "reason", "count"),
    "case_sponsored": _about_a_case(RecipientKind.POST, "post", "step"),
    "check_assigned": _about_a_case(RecipientKind.PERSON, "post"),
    "remedy_planned": Occasion(RecipientKind.DEPARTMENT, frozenset({"department", "title", "due"})),
    "subscription_disabled": Occasion(RecipientKind.DEPARTMENT, frozenset({"department", "subscription", "reason"})),
}


@dataclass(frozen=True, slots=True)
class Template:
    """One occasion in one language; `{number}` and the like are filled in."""

    subject: str
    body: str

    def fill(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Subject (one line) and body."""
        subject = self.subject.format_map(values)
        return " ".join(subject.split()), self.body.format_map(values).strip() + "\n"


Templates = dict[tuple[str, str], Template]
"""(occasion, language) → template."""


def load(folder: Path = FOLDER) -> Templates:
    """Read every template. Raises Invalid naming the file for a placeholder that nothing fills, a missing language or
    occasion, or a file that belongs to no occasion."""
    found: Templates = {}
    for path in sorted(folder.glob("*.toml")):
        _know(path)
        found.update(_read(path))
    missing = sorted({name for name in OCCASIONS if (name, LANGUAGES[0]) not in found})
    if missing:
        raise Invalid(f"there is no template for {', '.join(missing)}", where=folder.name)
    return found


def load_sets(folder: Path = FOLDER) -> dict[str, Templates]:
    """The sets that an emergency may name: a folder each, with as many occasions as are said otherwise then.

    Raises Invalid as `load` does, but an occasion may be missing: it is said as usual.
    """
    sets: dict[str, Templates] = {}
    for inside in sorted(found for found in folder.iterdir() if found.is_dir()):
        sets[inside.name] = {}
        for path in sorted(inside.glob("*.toml")):
            _know(path)
            sets[inside.name].update(_read(path))
    return sets


def _know(path: Path) -> None:
    if path.stem not in OCCASIONS:
        raise Invalid(
            f"nothing is ever said on the occasion {path.stem}",
            where=path.name,
            hint=f"known: {', '.join(sorted(OCCASIONS))}",
        )


def _read(path: Path) -> Templates:
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"this is no TOML: {error}", where=path.name) from error
    if set(body) != set(LANGUAGES):
        raise Invalid(f"a template has exactly the sections {' and '.join(LANGUAGES)}", where=path.name)
    return {(path.stem, language): _checked(path, language, body[language]) for language in LANGUAGES}


def _checked(path: Path, language: str, said: object) -> Template:
    where = f"{path.name}: {language}"
    if (
        not isinstance(said, dict)
        or set(said) != {"subject", "body"}
        or not all(isinstance(v, str) for v in said.values())
    ):
        raise Invalid("a template has a subject and a body, both text", where=where)
    known = OCCASIONS[path.stem].quotes
    for text in said.values():
        for name in _placeholders(text, where):
            if name not in known:
                raise Invalid(
                    f"nothing fills {{{name}}} when {path.stem} is said",
                    where=where,
                    hint=f"known: {', '.join(sorted(known))}",
                )
    return Template(said["subject"], said["body"])


def _placeholders(text: str, where: str) -> list[str]:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise Invalid(f"a brace is open or stands alone: {error}", where=where) from error
    return [name for _, name, _, _ in parts if name is not None]
