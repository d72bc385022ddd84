"""The table of states: nothing unreachable, no dead end, no move without somebody who may make it."""

from __future__ import annotations

from collections import defaultdict

import pytest

from shared.kernel.case_states import FINAL, LANDINGS, MOVES, SETTLED, STATES, State, moves_from, sources, target


def test_every_state_has_a_row_and_names() -> None:
    assert set(STATES) == set(State)
    assert all(row.zh for row in STATES.values())
    assert len({row.zh for row in STATES.values()}) == len(STATES)


def test_every_state_is_reachable_from_the_beginning() -> None:
    reached: set[State] = set()
    edge = {move.target for move in MOVES if move.source is None}
    while edge:
        reached |= edge
        edge = {move.target for move in MOVES if move.source in edge} - reached

    assert reached == set(State)


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_every_state_that_is_not_final_has_an_exit(state: State) -> None:
    assert any(move.target is not state for move in moves_from(state))


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_from_every_state_the_archive_can_be_reached(state: State) -> None:
    reached, edge = {state}, {state}
    while edge:
        edge = {move.target for move in MOVES if move.source in edge} - reached
        reached |= edge

    assert State.ARCHIVED in reached


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_final_state_has_no_exit(state: State) -> None:
    assert moves_from(state) == ()


def test_every_move_has_somebody_who_may_make_it() -> None:
    assert all(move.roles for move in MOVES)


def test_no_event_leads_to_two_states() -> None:
    landings = defaultdict(set)
    for move in MOVES:
        landings[move.event].add(move.target)

    assert {event: {LANDINGS[event]} for event in landings} == landings


def test_no_move_is_written_twice() -> None:
    assert len({(move.source, move.event) for move in MOVES}) == len(MOVES)


def test_target_and_sources_are_two_readings_of_the_same_table() -> None:
    for move in MOVES:
        assert target(move.source, move.event) is move.target
        assert move in sources(move.event)


def test_settled_states_are_those_in_which_nobody_has_to_do_anything() -> None:
    assert {state for state in State if not state.is_open} == SETTLED
