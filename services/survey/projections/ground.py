"""What figures are grouped by, and what their groups are called: grids, areas, departments, issue types."""

from __future__ import annotations

from pathlib import Path

from shared.contracts.area import AreaCreated, AreaRenamed
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.grid import GridDrawn
from shared.contracts.rulebook import DepartmentRegistered, IssueTypeDefined
from shared.projections import Batch, Cursor, Projection, tables_of, upsert

_TABLES = str(Path(__file__).parent)
_HEARD = (GridDrawn, AreaCreated, AreaRenamed, DepartmentRegistered, IssueTypeDefined)


def take_ground(batch: Batch, cursor: Cursor) -> None:
    """The latest word on every place and name. A grid that is drawn anew lets go of what it no longer covers."""
    names: dict[tuple[str, str], str] = {}
    drawn: dict[str, tuple[str, ...]] = {}
    for recorded in batch.events:
        match recorded.event:
            case GridDrawn(code=code, name=name, covers=covers):
                names["grid", code] = name
                drawn[code] = covers
            case AreaCreated(path=path, name=name) | AreaRenamed(path=path, name=name):
                names["area", path] = name
            case DepartmentRegistered(code=code, name=name):
                names["department", code] = name
            case IssueTypeDefined(code=code, name=name):
                names["issue_type", code] = name
            case _:
                raise LookupError(f"{recorded.type} names nothing")
    cursor.execute("DELETE FROM grid_covers WHERE grid = ANY (%s)", [list(drawn)])
    covered = {area: grid for grid, areas in drawn.items() for area in areas}
    upsert(cursor, "grid_covers", ["area"], [{"area": area, "grid": grid} for area, grid in covered.items()])
    rows = [{"what": what, "code": code, "name": name} for (what, code), name in names.items()]
    upsert(cursor, "names", ["what", "code"], rows)


PROJECTIONS: tuple[Projection, ...] = (
    Projection(
        name="ground",
        service="survey",
        tables=tables_of(_TABLES, "ground"),
        handles=frozenset(OF_SHAPE[shape].name for shape in _HEARD),
        apply=take_ground,
    ),
)
