"""The pages of dispatch: their templates, and what they call the things of the rulebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.dispatch.domain.case import VOLUNTEERS
from services.dispatch.domain.rulebook import Rulebook
from shared.pages.page import Pages

PAGES = Pages("dispatch", Path(__file__).parent / "pages")


def called(rulebook: Rulebook, language: str) -> dict[str, Any]:
    """Names of departments and issue types in that language, for templates."""
    is_zh = language == "zh"
    departments = {one.code: one.name if is_zh else one.name_en for one in rulebook.departments.values()}
    kinds = {one.code: one.name if is_zh else one.name_en for one in rulebook.issue_types.values()}
    return {
        "departments": dict(sorted(departments.items())),
        "handlers": {**departments, VOLUNTEERS: "志愿者" if is_zh else "Volunteers"},
        "kinds": dict(sorted(kinds.items())),
    }
