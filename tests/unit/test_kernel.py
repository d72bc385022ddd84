"""Small parts of the kernel: ids that sort, words that hide, states that hang together."""

from __future__ import annotations

import time

import pytest

from shared.kernel import case_states
from shared.kernel.case_states import FINAL, MOVES, STATES, State, Step
from shared.kernel.ids import derived_id, new_id
from shared.kernel.masking import mask


def test_ids_are_version_7_and_sort_by_time() -> None:
    first = new_id()
    time.sleep(0.002)
    second = new_id()

    assert (first.version, first.variant) == (7, "specified in RFC 4122")
    assert first < second


def test_derived_ids_are_equal_for_equal_parts_only() -> None:
    assert derived_id("check", 1, 2) == derived_id("check", 1, 2)
    assert derived_id("check", 12) != derived_id("check", 1, 2)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13812345678找我", "电话[电话]找我"),
        ("+86 138-1234-5678", "[电话]"),
        ("0871-65123456 或 13812345678", "[电话] 或 [电话]"),
        ("证件530103199001011234。", "证件[证件号]。"),
        ("证件53010319900101123X", "证件[证件号]"),
        ("来信wang.x+1@mail.example.cn即可", "来信[邮箱]即可"),
        ("wang@mail.example.xn--fiqs8s即可", "[邮箱]即可"),
        ("通知street_supervisor@530103.011即可", "通知street_supervisor@530103.011即可"),
        ("单价 3@箱，见 @通知", "单价 3@箱，见 @通知"),
        ("第 20260503530103000017 号", "第 20260503530103000017 号"),
        ("路灯 12345 号杆，3 号楼 1001 室", "路灯 12345 号杆，3 号楼 1001 室"),
    ],
)
def test_phones_and_identity_numbers_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_the_reporters_name_is_masked_but_a_single_character_is_not() -> None:
    assert mask("我叫王小明，王小明住三单元", "王小明") == "我叫[姓名]，[姓名]住三单元"
    assert mask("王先生说王府路", "王") == "王先生说王府路"


def test_every_state_has_a_row_and_every_step_a_state() -> None:
    assert set(STATES) == set(State)
    assert {row.step for row in STATES.values()} | {Step.ASSESS} == set(Step)


def test_every_state_can_be_reached_and_only_a_final_one_has_no_exit() -> None:
    reached, frontier = set(), {None}
    while frontier:
        found = {move.target for move in MOVES if move.source in frontier}
        frontier = found - reached
        reached |= found

    assert reached == set(State)
    assert {state for state in State if not case_states.moves_from(state)} == FINAL


def test_no_two_moves_disagree_and_every_move_has_a_role() -> None:
    assert len({(move.source, move.event) for move in MOVES}) == len(MOVES)
    assert all(move.roles for move in MOVES)
