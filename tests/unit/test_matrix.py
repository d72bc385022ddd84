"""The responsibility matrix: who leads, who helps, who is told, by which law; and what is wrong with it, said first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.dispatch import handlers
from services.dispatch.domain import matrix
from services.dispatch.domain.lines import check
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.queries.case import one_case
from services.dispatch.queries.matrix import as_json, as_table
from shared.kernel.errors import Forbidden, Invalid
from shared.security.permission import Asker
from tests.support.cases import COMMUNITY, DISPATCHER, DISTRICT, LINES, THURSDAY, cause, filed, issue_type, line

WATER = line(
    "water", "E-01-05", "530103", "water", co_handlers=("urban",), informed=("sanitation",), legal_basis="《水法》"
)
BOOK = Rulebook.of([*(one for one in LINES if getattr(one, "rule", "") != "water"), WATER])
INFORMED = Asker("s.li", "department", DISTRICT, "sanitation")


def row(book: Rulebook, code: str) -> matrix.Row:
    return next(found for found in matrix.rows(book, DISTRICT) if found.kind.code == code)


def test_each_department_has_one_place_in_a_row() -> None:
    assert row(BOOK, "E-01-05").cells == {"water": "lead", "urban": "co", "sanitation": "informed"}
    assert row(BOOK, "E-01-02").cells == {"sanitation": "lead"}
    assert row(BOOK, "E-09-01").cells == {}


def test_the_narrower_line_counts_where_it_holds_and_nowhere_else() -> None:
    book = Rulebook.of([*LINES, line("here", "E-01", str(COMMUNITY), "urban")])
    there = {found.kind.code: found.cells for found in matrix.rows(book, COMMUNITY)}

    assert there["E-01-02"] == {"urban": "lead"}
    assert row(book, "E-01-02").cells == {"sanitation": "lead"}


def test_a_group_is_asked_for_by_code_or_name() -> None:
    codes = [found.kind.code for found in matrix.rows(BOOK, DISTRICT, "E-01")]

    assert codes == ["E-01-02", "E-01-05"]
    assert matrix.rows(BOOK, DISTRICT, "E-0") == ()


def test_what_nobody_leads_on_and_what_contradicts_itself_is_said() -> None:
    wrong = [
        line("again", "E-01", "530103", "urban"),
        line("gone", "E-04-03", "530103", "nobody", informed=("urban",)),
        line("both", "E-01-02", "530103", "urban", informed=("urban",)),
    ]
    found = [(one.kind, one.about) for one in matrix.troubles(Rulebook.of([*LINES, *wrong]), DISTRICT)]

    assert found == [("conflict", "again"), ("conflict", "both"), ("conflict", "gone"), ("gap", "E-09-01")]
    with pytest.raises(Invalid) as refused:
        check([*LINES, *wrong])
    assert {"both", "gone"} <= set(refused.value.errors)


def test_the_table_has_a_column_for_each_department_and_the_door_the_same() -> None:
    header, lines = as_table(BOOK, matrix.rows(BOOK, DISTRICT, "E-01-05"), "zh")
    told = as_json(BOOK, DISTRICT, "E-01-05")

    assert header[6:] == ["水务局", "城市管理局", "环卫站"]
    assert lines[0][4:] == ["《水法》", "water", "主", "协", "知"]
    assert (told["rows"][0]["informed"], told["rows"][0]["legal_basis"]) == (["sanitation"], "《水法》")
    assert [one["about"] for one in told["troubles"]] == ["E-09-01"]


def test_a_department_that_is_informed_may_look_and_do_nothing() -> None:
    story = filed("E-01-05")
    log, case_id = story.log, story.case_id
    with pytest.raises(Forbidden):
        one_case(log, case_id, INFORMED, THURSDAY)
    handlers.dispatch(log, BOOK, case_id, DISPATCHER, cause(DISPATCHER), department=None)

    found = one_case(log, case_id, INFORMED, THURSDAY)

    assert found["informed"] == ["sanitation"]
    assert not [one["action"] for one in found["actions"] if one["allowed"]]


def test_whoever_was_to_be_informed_and_gets_it_by_hand_is_informed_of_nothing() -> None:
    both = Rulebook.of([*LINES, replace(WATER, rule="z", informed=("sanitation",)), issue_type("E-01-05", "水", None)])
    given = both.by_hand("E-01-05", DISTRICT, THURSDAY, "water", ("sanitation",), "就近")

    assert given.informed == ()
