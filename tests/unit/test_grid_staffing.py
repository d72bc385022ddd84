"""How many may stand where, whatever is asked for in whatever order; and what a grid has and lacks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.grid import officers
from services.grid.domain import appointments, grids
from services.grid.domain.appointments import Seat, Wanted
from services.grid.domain.posts import FOUR_OFFICERS, ONES, OTHERS, POSTS, SIX_MEMBERS, Place, slots
from services.grid.domain.staffing import GridPlace, Households, Roster, Stand, is_about, takes_in, total
from shared.contracts.appointment import Post
from shared.contracts.grid import GridDrawn
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Invalid, Refused

DISTRICT, STREET, COMMUNITY = Area("530103"), Area("530103.004"), Area("530103.004.012")
GROUP, BUILDING = Area("530103.004.012.003"), Area("530103.004.012.003.00007")
FIRST = date(2026, 1, 1)
GRID = GridPlace("G1", "一网格", COMMUNITY.path, (GROUP.path,), 250)
AREAS = {Tier.DISTRICT: DISTRICT, Tier.STREET: STREET, Tier.COMMUNITY: COMMUNITY, Tier.GROUP: GROUP,
         Tier.BUILDING: BUILDING}  # fmt: skip


# --- cardinality --------------------------------------------------------------------------------------------------


class Office:
    """Appointments as they would be made one after the other, each refused or seated."""

    def __init__(self) -> None:
        self.seats: list[Seat] = []
        self.days: dict[str, set[date]] = {}

    def appoint(self, post: Post, person: str, place: int, start: int, length: int | None) -> bool:
        rule = POSTS[post]
        code = f"G{place}" if rule.place in (Place.GRID, Place.GRID_OR_AREA) else None
        drawn = (
            None if code is None else GridDrawn(code=code, name="", community=COMMUNITY.path, covers=(), households=1)
        )
        wanted = Wanted(
            person=person,
            post=post,
            area=COMMUNITY if COMMUNITY.tier in rule.tiers else AREAS[rule.tiers[0]],
            grid=code,
            unit=f"{place}单元" if rule.place is Place.UNIT else None,
            since=FIRST + timedelta(days=start),
        )
        started = appointments.start(wanted, drawn, area_exists=True)
        held = slots(started)
        taken = [
            Seat(
                one.appointment_id, one.person, tuple(slot for slot in one.slots if slot in held), one.since, one.until
            )
            for one in self.seats
            if set(one.slots) & set(held)
        ]
        try:
            appointments.seated(started, taken)
        except Refused:
            return False
        if any(one.appointment_id == started.appointment_id for one in self.seats):
            return True
        until = None if length is None else wanted.since + timedelta(days=length)
        self.seats.append(Seat(started.appointment_id, person, held, wanted.since, until))
        return True


ASKED = some.lists(
    some.tuples(
        some.sampled_from(list(Post)),
        some.sampled_from(("p1", "p2", "p3")),
        some.integers(1, 3),
        some.integers(0, 30),
        some.none() | some.integers(0, 10),
    ),
    max_size=40,
)


@given(ASKED)
def test_whatever_is_asked_for_no_seat_ever_has_two_people_on_a_day(
    asked: list[tuple[Post, str, int, int, int | None]],
) -> None:
    office = Office()
    for one in asked:
        office.appoint(*one)

    for number, seat in enumerate(office.seats):
        for other in office.seats[number + 1 :]:
            together = (seat.until is None or other.since <= seat.until) and (
                other.until is None or seat.since <= other.until
            )
            assert not (together and set(seat.slots) & set(other.slots))


@pytest.mark.parametrize(
    ("post", "two_on_a_grid", "two_grids"),
    [
        (Post.GRID_WORKER, False, False),
        (Post.COMMUNITY_POLICE, False, True),
        (Post.GRID_LEAD, False, True),
        (Post.PART_TIME_WORKER, True, True),
        (Post.VOLUNTEER, True, True),
    ],
)
def test_full_time_professional_and_part_time_differ_in_how_many(
    post: Post, two_on_a_grid: bool, two_grids: bool
) -> None:
    office = Office()
    office.appoint(post, "p1", 1, 0, None)

    assert office.appoint(post, "p2", 1, 0, None) is two_on_a_grid
    assert office.appoint(post, "p1", 2, 0, None) is two_grids


@pytest.mark.parametrize(("start", "seated"), [(10, False), (11, True)])
def test_a_seat_is_free_on_the_day_after_the_last(start: int, seated: bool) -> None:
    office = Office()
    office.appoint(Post.GRID_WORKER, "p1", 1, 0, 10)

    assert office.appoint(Post.GRID_WORKER, "p2", 1, start, None) is seated


def test_every_post_has_its_rule_and_the_formulas_name_posts_that_a_grid_may_have() -> None:
    assert set(POSTS) == set(Post)
    assert all(rule.tiers for rule in POSTS.values())
    assert {*ONES, *OTHERS, *FOUR_OFFICERS, *SIX_MEMBERS} <= set(Post)


# --- what a grid has ----------------------------------------------------------------------------------------------


def stand(post: Post, area: Area, grid: str | None = None) -> Stand:
    return Stand(f"{post.value}-1", post, area.path, grid, FIRST)


FULL = [
    stand(Post.DISTRICT_INSPECTOR, DISTRICT),
    stand(Post.STREET_SUPERVISOR, STREET),
    stand(Post.GRID_WORKER, COMMUNITY, "G1"),
    stand(Post.BUILDING_HEAD, BUILDING),
]


def test_one_and_one_and_one_and_some_make_a_grid_complete_and_each_is_missed() -> None:
    assert Roster(FULL).of(GRID).is_complete
    for gone in FULL:
        assert not Roster([one for one in FULL if one is not gone]).of(GRID).is_complete


def test_who_stands_in_another_group_or_grid_is_not_the_grids() -> None:
    elsewhere = [
        stand(Post.GRID_WORKER, COMMUNITY, "G2"),
        stand(Post.BUILDING_HEAD, Area("530103.004.012.004.00001")),
        stand(Post.STREET_SUPERVISOR, Area("530103.005")),
        stand(Post.VOLUNTEER, STREET),
    ]
    staffed = Roster(elsewhere).of(GRID)

    assert staffed.missing == ONES
    assert (staffed.others, staffed.has_nobody) == (0, True)


def test_officers_and_members_are_counted_by_kind() -> None:
    more = [stand(post, COMMUNITY, "G1") for post in (*FOUR_OFFICERS[:3], *SIX_MEMBERS) if post != Post.BUILDING_HEAD]
    staffed = Roster([*FULL, *more, *more]).of(GRID)

    assert (len(staffed.officers), len(staffed.members)) == (4, 6)
    assert staffed.vacant == ()


def test_two_full_time_workers_on_a_grid_are_shown_as_too_many() -> None:
    staffed = Roster([*FULL, stand(Post.GRID_WORKER, COMMUNITY, "G1")]).of(GRID)

    assert staffed.crowded == (Post.GRID_WORKER,)


@pytest.mark.parametrize(
    ("households", "said", "warned"), [(250, "fits", 0), (200, "fits", 0), (300, "fits", 0), (199, "small", 1),
                                       (301, "large", 1), (0, "unknown", 1)]
)  # fmt: skip
def test_a_grid_is_judged_by_its_households(households: int, said: str, warned: int) -> None:
    bounds = Households(200, 300)
    grid = GridPlace("G1", "", COMMUNITY.path, (), households)

    assert bounds.judge(grid) == said
    assert len(grids.warnings(households, bounds)) == warned
    assert total([Roster([]).of(grid)], bounds).sizes == {said: 1}


def test_a_grid_takes_in_what_is_above_it_and_what_its_lines_hold() -> None:
    inside = [DISTRICT, STREET, COMMUNITY, GROUP, BUILDING]

    assert all(takes_in(GRID, area.path) for area in inside)
    assert not takes_in(GRID, "530103.004.012.004")
    assert not takes_in(GRID, "530103.004.013")


def test_somebody_is_responsible_for_their_area_what_lies_in_it_and_their_grids_part() -> None:
    worker = stand(Post.GRID_WORKER, COMMUNITY, "G1")

    assert is_about(worker, BUILDING, [GRID])
    assert not is_about(worker, Area("530103.004.012.004"), [GRID])
    assert is_about(stand(Post.STREET_SUPERVISOR, STREET), BUILDING, [])
    assert not is_about(stand(Post.GROUP_LEAD, GROUP), COMMUNITY, [])


# --- who goes there -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issue_type", "standing", "goes"),
    [
        ("L-10-01", [Post.COMMUNITY_POLICE, Post.GRID_WORKER], Post.COMMUNITY_POLICE),
        ("L-10-01", [Post.GRID_WORKER], Post.GRID_WORKER),
        ("E-05-03", [Post.COMMUNITY_POLICE, Post.URBAN_OFFICER], Post.URBAN_OFFICER),
        ("C-01-01", [Post.COMMUNITY_POLICE, Post.GRID_WORKER], Post.GRID_WORKER),
        ("C-01-01", [Post.OWNER], None),
    ],
)
def test_police_matters_go_to_the_police_and_the_citys_order_to_its_officer(
    issue_type: str, standing: list[Post], goes: Post | None
) -> None:
    assert officers.officer(issue_type, standing) is goes


@pytest.mark.parametrize(
    "lines",
    [
        [{"issue_type": "E-01", "post": "grid_worker"}],
        [{"issue_type": "*", "post": "sheriff"}],
        [{"issue_type": "*", "post": "grid_worker"}, {"issue_type": "*", "post": "grid_lead"}],
    ],
)
def test_lines_that_do_not_say_who_goes_are_invalid(lines: list[dict[str, str]]) -> None:
    with pytest.raises(Invalid):
        officers.read({"topic": lines})


def test_the_narrowest_line_wins() -> None:
    lines = officers.read(
        {
            "topic": [
                {"issue_type": "*", "post": "grid_worker"},
                {"issue_type": "E", "post": "urban_officer"},
                {"issue_type": "E-04", "post": "grid_lead"},
            ]
        }
    )

    assert officers.officer("E-04-01", list(Post), lines) is Post.GRID_LEAD
    assert officers.officer("E-05-01", list(Post), lines) is Post.URBAN_OFFICER
