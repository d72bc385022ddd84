"""Label sets change words and nothing else; withdrawn lines take no new cases."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.reference.check import check as check_folder
from services.dispatch.domain.labels import LabelSets, nameable
from services.dispatch.domain.lines import check, settle, stream_of, withdrawal
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.queries.case import one_case
from services.dispatch.queries.labels import in_words, label_sets
from shared.contracts.rulebook import Label, LabelSetChosen, LabelSetDefined, LimitWithdrawn, PoolDefined
from shared.kernel.area import Area
from shared.kernel.case_states import State, Step
from shared.kernel.errors import Invalid
from tests.support.cases import CHIEF, COMMUNITY, LINES, THURSDAY, filed

PANLONG, FAULTS = check_folder()
SETS = LabelSets.of([entry.event for entry in (*PANLONG.label_sets, *PANLONG.labels_chosen)])


def _shown(code: str | None = None) -> dict[str, Any]:
    story = filed().signed()
    return in_words(one_case(story.log, story.case_id, CHIEF, THURSDAY), code, SETS.words(COMMUNITY, code))


def test_the_sets_that_municipalities_use_are_there_and_mean_something() -> None:
    assert FAULTS == []
    assert {one.name for one in SETS.sets.values()} >= {"六步闭环", "联集派办结评", "走记办回评", "点单派单接单领单"}
    assert all(label.of in nameable() for one in SETS.sets.values() for label in one.labels)


def test_the_six_steps_are_called_as_the_code_calls_them() -> None:
    assert SETS.words(Area("530103")) == {step.value: step.zh for step in Step}


@pytest.mark.parametrize("code", sorted(SETS.sets))
def test_a_label_set_changes_words_and_nothing_else(code: str) -> None:
    plain, other = _shown(), _shown(code)
    word_fields = {"labels", "state_zh", "step_zh", "last_step", "actions"}

    different = {key for key in plain if plain[key] != other[key]}
    assert different <= word_fields | {"case_id", "number", "task", "tasks"}
    for one, two in zip(plain["actions"], other["actions"], strict=True):
        assert (one["action"], one["allowed"], one["rule"]) == (two["action"], two["allowed"], two["rule"])


def test_orders_speak_of_orders() -> None:
    shown = _shown("orders")

    assert shown["state_zh"] == "已接单"
    assert shown["step_zh"] == Step.HANDLE.zh
    assert shown["last_step"]["zh"] == "部门接单"
    assert {action["action"]: action["zh"] for action in shown["actions"]}["claim"] == "党员领单"


def test_the_narrowest_choice_counts_and_a_set_that_is_not_there_is_named() -> None:
    chosen = LabelSets.of(
        [
            *SETS.sets.values(),
            LabelSetChosen(area="530103", code="six-steps"),
            LabelSetChosen(area="530103.004", code="orders"),
        ]
    )

    assert chosen.code(COMMUNITY) == "orders"
    assert chosen.code(Area("530103.005")) == "six-steps"
    assert chosen.code(Area("530102")) is None
    with pytest.raises(Invalid):
        chosen.words(COMMUNITY, "martian")
    listed = {one["code"]: one["chosen_by"] for one in label_sets(chosen)["label_sets"]}
    assert listed["orders"] == ["530103.004"]


def test_every_state_and_step_may_have_another_name() -> None:
    assert {state.value for state in State} | {step.value for step in Step} <= nameable()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (LabelSetDefined(code="x", name="x", name_en="x", labels=(Label(of="case.exploded", zh="炸"),)), "is no step"),
        (LabelSetDefined(code="x", name="x", name_en="x", labels=(Label(of="close", zh=" "),)), "has no word"),
        (LabelSetDefined(code="x", name="x", name_en="x", labels=(Label(of="close", zh="结"),) * 2), "twice"),
        (LabelSetChosen(area="530103", code="martian"), "no label set"),
        (PoolDefined(area="530103", claims_per_person=0, claim_hours=1), "in hand"),
        (PoolDefined(area="530103", claims_per_person=1, claim_hours=9999), "a claim lasts"),
        (PoolDefined(area="530103004", claims_per_person=1, claim_hours=1), "written as a path"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(line: Any, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        check([*LINES, line])

    assert said in str(refused.value.errors)


# --- lines that are withdrawn -------------------------------------------------------------------------------------


def test_a_withdrawn_line_lives_in_the_stream_of_the_line_and_can_come_back() -> None:
    department = LINES[0]
    gone = withdrawal(department, "机构改革")

    assert gone is not None
    assert stream_of(gone) == stream_of(department)
    assert settle(department, gone) == (gone,)
    assert settle(gone, gone) == ()
    assert settle(gone, department) == (department,)
    assert withdrawal(gone, "再撤一次") is None


def test_what_a_withdrawn_line_said_holds_no_more() -> None:
    book = Rulebook.of(LINES)
    kind, where = "E-01-02", COMMUNITY
    without = Rulebook.of([line for line in LINES if stream_of(line) != "rulebook-responsibility-garbage"])

    assert book.propose(kind, where, THURSDAY) is not None
    assert without.propose(kind, where, THURSDAY) is None


def test_a_department_is_not_withdrawn_while_a_line_names_it() -> None:
    left = [line for line in LINES if stream_of(line) != "rulebook-department-sanitation"]
    with pytest.raises(Invalid) as refused:
        check(left)

    assert "there is no department sanitation" in str(refused.value.errors)


def test_calendars_and_ladders_are_replaced_and_never_withdrawn() -> None:
    assert withdrawal(LINES[-1], "过期") is None
    assert isinstance(withdrawal(PANLONG.limits[0].event, "新标准"), LimitWithdrawn)
