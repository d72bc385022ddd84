"""Both languages are complete: every catalogue has what the templates say, and nothing that they say no more."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from deploy.web.words import Words, catalogues
from shared.kernel.case_states import STATES, Step
from shared.pages import words
from shared.pages.page import read_all
from shared.security.permission import ROLES

_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("catalogue", catalogues(), ids=lambda one: one.path.parts[-3])
def test_every_text_of_a_template_has_its_english(catalogue: Words) -> None:
    known = catalogue.known()

    assert sorted(text for text in catalogue.wanted if not known.get(text)) == []


@pytest.mark.parametrize("catalogue", catalogues(), ids=lambda one: one.path.parts[-3])
def test_no_catalogue_keeps_what_no_template_says(catalogue: Words) -> None:
    assert sorted(set(catalogue.known()) - catalogue.wanted) == []


@pytest.mark.parametrize("catalogue", catalogues(), ids=lambda one: one.path.parts[-3])
def test_what_is_english_has_no_chinese_in_it(catalogue: Words) -> None:
    assert sorted(text for text in catalogue.known().values() if _CHINESE.search(text)) == []


def test_every_template_says_its_chinese_through_the_catalogue() -> None:
    """A text outside of `_(…)` would stay Chinese for ever."""
    bare = []
    for catalogue in catalogues():
        for path in catalogue.path.parent.glob("**/*.html"):
            text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
            bare += [f"{path.name}: {line.strip()}" for line in text.splitlines() if _CHINESE.search(line)]

    assert bare == []


def test_every_step_state_and_role_has_its_name_in_both_languages() -> None:
    assert set(words.STEPS) == {step.value for step in Step}
    assert set(words.STATE_NAMES) == {state.value for state in STATES}
    assert set(words.ROLES) >= ROLES - {"subscriber"}
    assert {step.value: step.zh for step in Step} == {code: zh for code, (zh, _) in words.STEPS.items()}


@pytest.mark.parametrize("service", ["intake", "dispatch", "grid", "survey", "notify"])
def test_every_template_is_read_once_when_the_process_starts_and_pauses_for_requests(service: str) -> None:
    import_module(f"services.{service}.room")
    pauses: list[None] = []
    read_all(lambda: pauses.append(None))

    assert len(pauses) >= 2 * len(list(Path(__file__).parents[2].glob(f"services/{service}/pages/*.html")))
