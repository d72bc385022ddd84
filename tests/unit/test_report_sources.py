"""Which doors there are, who may use them, and what each is believed: a file that is checked when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.intake.sources import Look, doors
from shared.contracts.report import Source
from shared.kernel.errors import Invalid

_REST = "".join(
    f'[{source.value}]\nzh = "x"\nen = "x"\nlook = "never"\nroles = []\n' for source in Source if source != Source.MEDIA
)

_DOOR = 'zh = "x"\nen = "x"\nlook = "never"\nroles = []\n'
_RUMOUR = f"[media]\n{_DOOR}[rumour]\n{_DOOR}"


def _file(tmp_path: Path, media: str) -> Path:
    path = tmp_path / "sources.toml"
    path.write_text(_REST + media, encoding="utf-8")
    return path


def test_a_city_decides_who_brings_what_and_when_somebody_looks(tmp_path: Path) -> None:
    path = _file(tmp_path, '[media]\nzh = "媒体"\nen = "media"\nlook = "by_kind"\nroles = ["leader"]\n')

    door = doors(path)[Source.MEDIA]

    assert (door.zh, door.look, door.roles) == ("媒体", Look.BY_KIND, frozenset({"leader"}))


@pytest.mark.parametrize(
    ("media", "says"),
    [
        ("", "nothing is said about media"),
        ('[media]\nzh = "x"\nen = "x"\nlook = "sometimes"\nroles = []\n', "media needs"),
        ('[media]\nzh = "x"\nen = "x"\nlook = "never"\nroles = ["mayor"]\n', "roles that exist"),
        ('[media]\nzh = "x"\nlook = "never"\nroles = []\n', "media needs"),
        (_RUMOUR, "no source rumour"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_refused_by_name(tmp_path: Path, media: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        doors(_file(tmp_path, media))
