"""Templates are data, and wrong data stops the service at its start."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from services.notify import templates
from shared.kernel.errors import Invalid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(templates.FOLDER, tmp_path / "templates"))


def test_every_occasion_can_be_told_in_both_languages() -> None:
    found = templates.load()

    for name, occasion in templates.OCCASIONS.items():
        for language in templates.LANGUAGES:
            subject, body = found[name, language].fill({quote: f"<{quote}>" for quote in occasion.quotes})
            assert subject
            assert "\n" not in subject
            assert "{" not in subject + body


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[zh]\nsubject = "{phone}"\nbody = "x"\n[en]\nsubject = "x"\nbody = "x"\n', "phone"),
        ('[zh]\nsubject = "{number"\nbody = "x"\n[en]\nsubject = "x"\nbody = "x"\n', "brace"),
        ('[zh]\nsubject = "{}"\nbody = "x"\n[en]\nsubject = "x"\nbody = "x"\n', "fills"),
        ('[zh]\nsubject = "{number.__class__}"\nbody = "x"\n[en]\nsubject = "x"\nbody = "x"\n', "fills"),
        ('[zh]\nsubject = "x"\nbody = "x"\n', "sections"),
        ('[zh]\nsubject = "x"\nbody = 3\n[en]\nsubject = "x"\nbody = "x"\n', "text"),
        ("not toml", "TOML"),
    ],
)
def test_a_wrong_template_is_refused_with_its_name(folder: Path, text: str, said: str) -> None:
    (folder / "report_accepted.toml").write_text(text, encoding="utf-8")

    with pytest.raises(Invalid, match=said) as error:
        templates.load(folder)

    assert (error.value.where or "").startswith("report_accepted.toml")


def test_a_template_for_no_occasion_and_an_occasion_without_template_are_refused(folder: Path) -> None:
    (folder / "case_closed.toml").rename(folder / "case_clsoed.toml")

    with pytest.raises(Invalid, match="case_clsoed"):
        templates.load(folder)

    (folder / "case_clsoed.toml").unlink()
    with pytest.raises(Invalid, match="case_closed"):
        templates.load(folder)


def test_a_set_says_some_occasions_otherwise_and_the_rest_as_usual(folder: Path) -> None:
    (folder / "flood").mkdir()
    shutil.copy(folder / "report_accepted.toml", folder / "flood" / "report_accepted.toml")
    (folder / "nothing").mkdir()
    found = templates.load_sets(folder)

    assert set(found) == {"epidemic", "flood", "nothing"}
    assert set(found["flood"]) == {("report_accepted", "zh"), ("report_accepted", "en")}
    assert found["nothing"] == {}
    assert len(templates.load(folder)) == len(templates.OCCASIONS) * 2


def test_a_wrong_template_of_a_set_stops_the_service_too(folder: Path) -> None:
    (folder / "epidemic" / "report_acepted.toml").write_text("", encoding="utf-8")

    with pytest.raises(Invalid, match="report_acepted"):
        templates.load_sets(folder)


def test_words_with_braces_in_them_are_quoted_as_they_are() -> None:
    template = templates.load()["report_rejected", "zh"]

    _, body = template.fill({"number": "1", "reason": "{0.__class__} {number}", "tracking_url": "u"})

    assert "{0.__class__} {number}" in body
