"""The two real files: into the log, through the projections, and out as the figures that we know beforehand.

`make long` takes them whole, `make test` a twentieth of one. They may not be committed, so these tests are passed over,
and say so, where `../shared/data` is absent.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from deploy.imports.clusters import clusters
from deploy.imports.mapping import read_mapping
from deploy.imports.run import Import, Outcome
from deploy.imports.target import Target
from deploy.reference.load import load
from services.grid.projections import PROJECTIONS as GRID
from services.grid.queries.views import view
from services.intake.projections import PROJECTIONS as INTAKE
from services.survey.projections import PROJECTIONS as SURVEY
from services.survey.queries.figures import Wanted, figures, window
from shared.kernel.area import Area
from shared.security.sealing import Sealer
from tests.support.database import Database, fresh_database
from tests.support.projected import project
from tests.support.servers import Servers

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
MAPPINGS = ROOT / "deploy" / "imports" / "mappings"
BOSTON = DATA / "us_311" / "boston_311_2011H2.csv.gz"
MESSAGES = DATA / "cn_messages" / "tipdm_f3_messages.jsonl.gz"
NOW = datetime(2026, 5, 3, tzinfo=UTC)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.skipif(not BOSTON.exists(), reason=f"the real inputs are not there: {DATA}"),
]


def bring_in(database: Database, path: Path, mapping: str, rejects: Path) -> Outcome:
    target = Target(
        importer=database.log("importer"),
        grid=database.log("grid"),
        dispatch=database.log("dispatch"),
        importer_rows=database.rows("importer"),
        intake_rows=database.rows("intake"),
        sealer=Sealer(bytes(32)),
    )
    return Import(path, read_mapping(MAPPINGS / mapping), NOW, target, rejects_folder=rejects).run()


@dataclass(frozen=True)
class Boston:
    """The half-year, or every so many rows one of it: imported, and what the file says of itself."""

    database: Database
    outcome: Outcome
    rows: list[dict[str, str]]

    def says(self) -> Counter[str]:
        """What its own times say, row by row."""
        return Counter(_verdict(row) for row in self.rows)


def _verdict(row: dict[str, str]) -> str:
    if not row["target_dt"]:
        return "no target"
    if not row["closed_dt"]:
        return "overdue"
    return "on time" if row["closed_dt"] <= row["target_dt"] else "late"


@pytest.fixture(
    scope="module",
    params=[pytest.param(20, id="a-twentieth"), pytest.param(1, id="whole", marks=pytest.mark.long)],
)
def boston(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Boston]:
    """Imported once."""
    folder = tmp_path_factory.mktemp("boston")
    with gzip.open(BOSTON, "rt", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)[:: request.param]
    part = folder / "boston.csv"
    with part.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, reader.fieldnames or ())
        writer.writeheader()
        writer.writerows(rows)
    path = BOSTON if request.param == 1 else part
    with fresh_database(servers.database_url) as database:
        yield Boston(database, bring_in(database, path, "boston_311.toml", folder), rows)


def test_the_boston_half_year_comes_in_and_its_view_tells_what_the_file_says(boston: Boston) -> None:
    project(boston.database, GRID)
    own = view(boston.database.rows("grid"), Area("999001"), NOW)["area"]
    count, says = len(boston.rows), boston.says()

    assert count in (58_251, 2_913)
    assert (boston.outcome.rows, boston.outcome.new, boston.outcome.rejected) == (count, count, 0)
    assert own["cases"] == count
    assert own["with_limit"] == count - says["no target"]
    assert {name: own[name.replace(" ", "_")] for name in ("on time", "late", "overdue")} == {
        name: says[name] for name in ("on time", "late", "overdue")
    }
    if count == 58_251:
        assert (own["with_limit"], own["on_time"], own["late"], own["overdue"]) == (47_270, 35_591, 8_230, 3_449)


def test_our_verdict_agrees_with_the_files_own_row_by_row(boston: Boston) -> None:
    ours = {
        number: verdict
        for number, verdict in boston.database.query(
            """
            SELECT s.data->>'external_number',
                   CASE WHEN d.data->>'due_at' IS NULL THEN 'no target'
                        WHEN coalesce(r.occurred_at, %s) <= (d.data->>'due_at')::timestamptz THEN 'ONTIME'
                        ELSE 'OVERDUE' END
            FROM es.events s
            JOIN es.events d ON d.correlation_id = s.correlation_id AND d.type = 'case.dispatched'
            LEFT JOIN es.events r ON r.correlation_id = s.correlation_id AND r.type = 'task.responded'
            WHERE s.type = 'report.submitted'
            """,
            (NOW,),
        )
    }
    pairs = Counter((row["ontime"], ours[row["case_enquiry_id"]]) for row in boston.rows)

    # The file judges rows that have no target as on time, and leaves some late ones without a verdict.
    assert pairs.keys() == {("ONTIME", "ONTIME"), ("OVERDUE", "OVERDUE"), ("ONTIME", "no target"), ("", "OVERDUE")}
    if len(boston.rows) == 58_251:
        assert sorted(pairs.values()) == [158, 10_981, 11_521, 35_591]


def test_the_indicators_judge_every_row_as_the_file_does(boston: Boston) -> None:
    project(boston.database, SURVEY)
    rows = boston.database.rows("survey")
    ours = {
        row["number"]: _judged(row)
        for row in rows.query(
            """
            SELECT s.data->>'external_number' AS number, c.due_at, c.on_time
            FROM es.events s JOIN counted c ON c.kind = 'case' AND c.ref = s.correlation_id
            WHERE s.type = 'report.submitted' AND c.until_position = 9223372036854775807
            """
        )
    }
    pairs = Counter((row["ontime"], ours[row["case_enquiry_id"]]) for row in boston.rows)
    since, until = window(date(2011, 1, 1), date(2012, 12, 30))
    found = figures(rows, Wanted(since=since, until=until, at=NOW))
    told = {figure["indicator"]: figure for group in found["groups"] for figure in group["figures"]}
    # Some targets lie as far away as 2059: a window is two years at the most.
    due = [row for row in boston.rows if row["target_dt"] and row["target_dt"] < "2012-12-31"]

    assert pairs.keys() == {("ONTIME", "ONTIME"), ("OVERDUE", "OVERDUE"), ("ONTIME", "no target"), ("", "OVERDUE")}
    assert told["closed"]["denominator"] == len(due)
    assert told["closed_on_time"]["numerator"] == sum(_verdict(row) == "on time" for row in due)
    assert told["closed_late"]["numerator"] == sum(_verdict(row) == "late" for row in due)
    assert told["handled_on_time"]["numerator"] == told["closed_on_time"]["numerator"]


def _judged(row: dict[str, object]) -> str:
    if row["due_at"] is None:
        return "no target"
    return "ONTIME" if row["on_time"] else "OVERDUE"


@pytest.mark.long
def test_the_chinese_messages_come_in_and_their_hot_issues_are_clusters(database: Database, tmp_path: Path) -> None:
    load(database.log("grid"), database.log("dispatch"), NOW)
    outcome = bring_in(database, MESSAGES, "cn_messages.toml", tmp_path)
    again = bring_in(database, MESSAGES, "cn_messages.toml", tmp_path)
    project(database, INTAKE)
    placed = database.query("SELECT area, issue_type FROM intake.reports", role="intake")
    sealed = database.query("SELECT count(*) FROM intake.subjects")[0][0]
    found = [
        (len(cluster.reports), " ".join(str(report["title"]) for report in cluster.reports))
        for street in ("530103.002", "530103.005")
        for cluster in clusters(database.rows("intake"), database.log("intake"), Area(street))
    ]

    assert outcome.rows == 4_326
    assert outcome.new + outcome.rejected == 4_326
    assert sum(outcome.reasons.values()) == outcome.rejected < 250
    assert (again.new, again.unchanged) == (0, outcome.new)
    assert all(area.count(".") == 1 and kind for area, kind in placed)
    assert sealed == outcome.new
    assert any(size >= 20 and "丽发新城" in titles and "搅拌站" in titles for size, titles in found)
    assert any(size >= 20 and "伊景园" in titles and "车位" in titles for size, titles in found)
