"""A database with so many cases in every service's tables: ten years of a city, and what is open now.

A few thousand lives go through the real projections; then each table gets copies of its rows with ids of their own,
each copy some years earlier. What is open stays a few thousand however many there are: a city that leaves a tenth of a
million undone has other troubles than its pages. The log holds only the lives themselves: whatever reads it reads the
events of one case, by index.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random

from deploy.reference.files import read
from deploy.reference.load import load
from services.dispatch.projections import PROJECTIONS as DISPATCH
from services.grid.projections import PROJECTIONS as GRID
from services.intake.projections import PROJECTIONS as INTAKE
from services.notify.projections import PROJECTIONS as NOTIFY
from services.survey.projections import PROJECTIONS as SURVEY
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.projections.process import connect_as
from shared.projections.reading import PostgresFeed
from shared.projections.runner import Runner
from tests.support.database import Database
from tests.support.lives import START, City, lives
from tests.support.logs import fill

LIVES, DAYS, YEARS = 2_000, 300, 10
OPEN_COPIES = 10
"""How many copies there are of what is open."""
SERVICES = ("intake", "dispatch", "grid", "survey", "notify")
_STILL_OPEN = {
    "is_open": "NOT it.is_open",
    "is_live": "NOT it.is_live",
    "outcome": "it.outcome IS NOT NULL",
    "done_at": "it.done_at IS NOT NULL",
}
_CLOCKS = """
INSERT INTO dispatch.clocks (clock_id, case_id, area, stage, urgency, started_at, due_at, because, is_counted,
    day_and_night, minutes_used, is_open, is_paused, is_breached, any_hour, position)
SELECT md5('clock' || case_id)::uuid, case_id, area, 'handle', urgency, filed_at, coalesce(due_at, now()), '1 天', true,
    false, 0, true, false, coalesce(due_at < now(), false), false,
    position
FROM dispatch.cases WHERE is_open
"""


class _Panlong(City):
    """The places that there are."""

    def __init__(self) -> None:
        found = sorted(entry.event.path for entry in read().areas)
        self._places = [path for path, after in zip(found, [*found[1:], ""], strict=True) if not after.startswith(path)]

    def anywhere(self, random: Random) -> Area:
        return Area(random.choice(self._places))


def settle(database: Database, cases: int) -> None:
    """Panlong with so many cases."""
    load(database.log("grid"), database.log("dispatch"), datetime(2026, 1, 1, tzinfo=UTC))
    database.settle()
    ((last,),) = database.query("SELECT max(position) FROM es.feed")
    fill(database, lives(LIVES, 13, _Panlong(), DAYS), after=last)
    _project(database)
    database.query(_CLOCKS)
    copies = max(cases // LIVES - 1, 0)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda service: _multiply(database, service, copies), SERVICES))
    database.query("UPDATE grid.area_counts SET n = n * %s", [copies + 1])
    for service in SERVICES:
        for table in _tables(database, service):
            database.query(f"VACUUM ANALYZE {service}.{table}")


def _project(database: Database) -> None:
    urls = {service: database.url(service) for service in SERVICES}
    runner = Runner([*INTAKE, *DISPATCH, *GRID, *SURVEY, *NOTIFY], connect_as(urls), PostgresFeed())
    if not runner.open():
        raise RuntimeError("another projector leads in this database")
    runner.catch_up()
    runner.close()


def _multiply(database: Database, service: str, copies: int) -> None:
    """Every row that belongs to a case, so many times more; the latest years end now."""
    later = utc_now() - (START + timedelta(days=DAYS))
    for table, columns in _tables(database, service).items():
        if not {"case_id", "report_id"} & columns.keys():
            continue
        times = [name for name, kind in columns.items() if kind == "timestamp with time zone"]
        if times:
            moved = ", ".join(f"{name} = {name} + %(later)s" for name in times)
            database.query(f"UPDATE {service}.{table} SET {moved}", {"later": later})
        key = _key(database, service, table)
        taken = ", ".join(f"it.{name}" if kind == "as it is" else kind for name, kind in _copied(columns, key).items())
        few = " AND ".join(f"({words} OR k <= {OPEN_COPIES})" for name, words in _STILL_OPEN.items() if name in columns)
        names = ", ".join(columns)
        indexes = _without_indexes(database, service, table)
        database.query(
            f"INSERT INTO {service}.{table} ({names}) SELECT {taken} FROM {service}.{table} it,"
            f" generate_series(1, {copies}) k WHERE {few or 'true'}"
        )
        for definition in indexes:
            database.query(definition)


def _copied(columns: dict[str, str], key: set[str]) -> dict[str, str]:
    """Column → what a copy has there."""
    found = dict.fromkeys(columns, "as it is")
    for name, kind in columns.items():
        if kind == "uuid":
            found[name] = f"md5(it.{name}::text || k)::uuid"
        elif kind == "timestamp with time zone":
            found[name] = f"it.{name} - make_interval(days => {_earlier(columns)})"
        elif name == "position" and name in key and not any(columns[one] == "uuid" for one in key):
            found[name] = "it.position - k::bigint * 10000000"
        elif name == "number":
            found[name] = "it.number || '-' || k"
    return found


def _earlier(columns: dict[str, str]) -> str:
    """How many days before its original a copy was: what is open is not years old."""
    closed = " AND ".join(words for name, words in _STILL_OPEN.items() if name in columns) or "true"
    return f"CASE WHEN {closed} THEN 365 * (k %% {YEARS}) ELSE k END"


def _tables(database: Database, service: str) -> dict[str, dict[str, str]]:
    """Table → its columns and their types."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in database.query(
        "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = %s AND t.table_type = 'BASE TABLE' ORDER BY c.table_name, c.ordinal_position",
        [service],
    ):
        found.setdefault(table, {})[column] = kind
    return found


def _key(database: Database, service: str, table: str) -> set[str]:
    """The columns of its primary key."""
    found = database.query(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
        " WHERE i.indrelid = %s::regclass AND i.indisprimary",
        [f"{service}.{table}"],
    )
    return {name for (name,) in found}


def _without_indexes(database: Database, service: str, table: str) -> list[str]:
    """Take away all that are only for speed; what makes them again."""
    found = database.query(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = %s::regclass AND NOT i.indisunique",
        [f"{service}.{table}"],
    )
    for name, _ in found:
        database.query(f"DROP INDEX {name}")
    return [definition for _, definition in found]
