"""Makes the files of Panlong below the communities: 508 groups, 1,106 buildings, 610 grids and who stands where.

The district, its streets and its communities are public facts (`panlong/divisions.csv`). The counts below them are the
district's own published figures. Which group lies where, every name below a community, every centre point and every
account is made up here, always in the same way, so that a city that looks like the real one can be tried out.

    python -m deploy.reference.make_panlong          # writes panlong/areas.csv, grids.csv, appointments.csv
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

FOLDER = Path(__file__).parent / "panlong"

GROUPS, BUILDINGS, GRIDS = 508, 1106, 610
SINCE = "2026-01-01"

# A made-up lattice around the real centre of the district: nothing here is a surveyed position.
_SOUTH, _NORTH, _WEST, _EAST = 25.045, 25.195, 102.705, 102.795


@dataclass
class Place:
    """An area on its way into the file."""

    path: str
    name: str
    kind: str
    lat: float
    lon: float
    rural: bool = False
    children: list[Place] = field(default_factory=list)


def read_divisions(folder: Path = FOLDER) -> Place:
    """The district with its streets and communities, as published."""
    with (folder / "divisions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    random = Random(530103)
    district = Place(rows[0]["code"], rows[0]["name"], "区", 25.12, 102.75)
    streets: dict[str, Place] = {}
    for row in (row for row in rows if row["tier"] == "street"):
        lat, lon = _on_lattice(len(streets))
        street = Place(f"{row['code'][:6]}.{row['code'][6:]}", row["name"], "街道", lat, lon)
        streets[row["code"]] = street
        district.children.append(street)
    for row in (row for row in rows if row["tier"] == "community"):
        street = streets[row["code"][:9]]
        rural = row["kind"] == "村委会"
        name = row["name"].removesuffix("委会") if rural else row["name"].removesuffix("居委会")
        lat, lon = _near(random, street, 0.012)
        path = f"{street.path}.{row['code'][9:]}"
        street.children.append(Place(path, name, "村" if rural else "社区", lat, lon, rural))
    return district


def _on_lattice(index: int) -> tuple[float, float]:
    row, column = divmod(index, 3)
    return _SOUTH + (_NORTH - _SOUTH) * row / 3, _WEST + (_EAST - _WEST) * column / 2


def _near(random: Random, place: Place, reach: float) -> tuple[float, float]:
    lat = place.lat + random.uniform(-reach, reach)
    lon = place.lon + random.uniform(-reach, reach)
    return round(lat, 5), round(lon, 5)


def settle(district: Place) -> None:
    """Put the groups under the communities and the buildings under the groups."""
    random = Random(1106)
    communities = [community for street in district.children for community in street.children]
    for community, count in zip(communities, _shares(random, len(communities), GROUPS), strict=True):
        for number in range(1, count + 1):
            lat, lon = _near(random, community, 0.003)
            kind = "村民小组" if community.rural else "居民小组"
            path = f"{community.path}.{number:03}"
            community.children.append(Place(path, f"{community.name}第{number}{kind}", kind, lat, lon, community.rural))
    groups = [group for community in communities for group in community.children]
    for group, count in zip(groups, _shares(random, len(groups), BUILDINGS, most=4), strict=True):
        for number in range(1, count + 1):
            lat, lon = _near(random, group, 0.0008)
            name = f"{group.name}{number}号院" if group.rural else f"{group.name}{number}栋"
            kind = "院落" if group.rural else "楼栋"
            group.children.append(Place(f"{group.path}.{number:05}", name, kind, lat, lon, group.rural))


def _shares(random: Random, holders: int, total: int, most: int = 9) -> list[int]:
    """Spread the total over the holders, at least one each (two where that fits), at most so many."""
    least = min(2, total // holders)
    shares = [least] * holders
    for _ in range(total - least * holders):
        shares[random.choice([index for index, share in enumerate(shares) if share < most])] += 1
    return shares


@dataclass(frozen=True)
class Grid:
    """A patrol unit on its way into the file."""

    code: str
    name: str
    community: str
    covers: tuple[str, ...]
    households: int


def draw_grids(district: Place) -> list[Grid]:
    """One grid for each group; the groups with most buildings are halved until there are 610."""
    random = Random(610)
    communities = [community for street in district.children for community in street.children]
    groups = [group for community in communities for group in community.children]
    by_size = sorted(groups, key=lambda group: (-len(group.children), group.path))
    halved = {group.path for group in by_size[: GRIDS - GROUPS]}
    grids = []
    for community in communities:
        parts = [part for group in community.children for part in _parts(group, group.path in halved)]
        for number, covers in enumerate(parts, 1):
            code = community.path.replace(".", "") + f"{number:03}"
            name = f"{community.name}第{number}网格"
            grids.append(Grid(code, name, community.path, covers, random.randint(200, 300)))
    return grids


def _parts(group: Place, halved: bool) -> Iterator[tuple[str, ...]]:
    if not halved:
        yield (group.path,)
        return
    paths = tuple(building.path for building in group.children)
    yield paths[: len(paths) // 2]
    yield paths[len(paths) // 2 :]


def appoint(district: Place, grids: Sequence[Grid]) -> Iterator[tuple[str, str, str, str, str]]:
    """(account, post, area, grid, since): one district inspector, a supervisor per street, then one per unit."""
    yield f"xcy-{district.path}", "district_inspector", district.path, "", SINCE
    for street in district.children:
        yield f"jdy-{_digits(street)}", "street_supervisor", street.path, "", SINCE
    for grid in grids:
        yield f"wgy-{grid.code}", "grid_worker", grid.community, grid.code, SINCE
    for place in _below(district):
        if place.kind in ("居民小组", "村民小组"):
            yield f"zz-{_digits(place)}", "group_lead", place.path, "", SINCE
        elif place.kind in ("楼栋", "院落"):
            yield f"ldz-{_digits(place)}", "building_head", place.path, "", SINCE


def _digits(place: Place) -> str:
    return place.path.replace(".", "")


def _below(place: Place) -> Iterator[Place]:
    yield place
    for child in place.children:
        yield from _below(child)


def _write(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


def make(folder: Path = FOLDER, divisions: Path = FOLDER) -> None:
    """Write the three files into the folder."""
    district = read_divisions(divisions)
    settle(district)
    grids = draw_grids(district)
    areas = ((place.path, place.name, place.kind, f"{place.lat:.5f}", f"{place.lon:.5f}") for place in _below(district))
    _write(folder / "areas.csv", "path name kind lat lon", areas)
    rows = ((grid.code, grid.name, grid.community, " ".join(grid.covers), grid.households) for grid in grids)
    _write(folder / "grids.csv", "code name community covers households", rows)
    _write(folder / "appointments.csv", "person post area grid since", appoint(district, grids))


if __name__ == "__main__":
    make()
