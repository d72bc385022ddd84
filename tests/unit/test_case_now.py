"""`wuji case --now` says what the case's door says, in a few lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.wuji import case_now
from services.dispatch.queries.case import one_case
from shared.security.permission import Asker
from tests.support.case_commands import PLACES
from tests.support.cases import THURSDAY

OPERATOR = Asker("op", "operator")


class Answering:
    """The platform's door, answered from a log in memory."""

    def __init__(self, start: str) -> None:
        self.story = PLACES[start]()

    def get(self, path: str, *, role: str) -> Any:
        assert (path, role) == (f"/api/v1/cases/{self.story.case_id}", "operator")
        return json.loads(json.dumps(one_case(self.story.log, self.story.case_id, OPERATOR, THURSDAY), default=str))


@pytest.mark.parametrize("start", list(PLACES))
def test_every_case_can_be_shown(start: str, capsys: pytest.CaptureFixture[str]) -> None:
    access: Any = Answering(start)
    case_now.show(access, str(access.story.case_id), "text")
    said = capsys.readouterr().out
    case_now.show(access, str(access.story.case_id), "json")
    told = json.loads(capsys.readouterr().out)

    assert access.story.case.state.zh in said
    assert told["state"] == access.story.case.state.value
    assert "actions" not in told


def test_it_says_what_nobody_has_decided(capsys: pytest.CaptureFixture[str]) -> None:
    asked: Any = Answering("suspension_asked")
    case_now.show(asked, str(asked.story.case_id), "text")

    assert "suspension.requested" in capsys.readouterr().out


def test_it_says_who_helps_and_who_leads() -> None:
    helped: Any = Answering("helped")
    found = helped.get(f"/api/v1/cases/{helped.story.case_id}", role="operator")

    assert [case_now.task_row(task)[0] for task in found["tasks"]] == ["sanitation", "urban"]
    assert case_now.task_row(found["tasks"][1])[1] == "co_handler"
