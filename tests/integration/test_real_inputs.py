"""The two real files, whole: into the log, through the projections, and out as the figures that we know beforehand.

They may not be committed, so these tests are passed over, and say so, where `../shared/data` is absent.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime
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
from shared.kernel.area import Area
from shared.security.sealing import Sealer
from tests.support.database import Database
from tests.support.projected import project

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


@pytest.fixture(scope="module")
def boston(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> tuple[Database, Outcome]:
    """The half-year, imported once."""
    outcome = bring_in(module_database, BOSTON, "boston_311.toml", tmp_path_factory.mktemp("rejects"))
    return module_database, outcome


def test_the_boston_half_year_comes_in_whole_and_its_view_tells_the_known_figures(
    boston: tuple[Database, Outcome],
) -> None:
    database, outcome = boston
    project(database, GRID)
    own = view(database.rows("grid"), Area("999001"), NOW)["area"]

    assert (outcome.rows, outcome.new, outcome.rejected) == (58_251, 58_251, 0)
    assert own["cases"] == 58_251
    assert own["with_limit"] == 47_270
    assert own["on_time"] == 35_591
    assert own["late"] == 8_230
    assert own["overdue"] == 3_449


def test_our_verdict_agrees_with_the_files_own_row_by_row(boston: tuple[Database, Outcome]) -> None:
    database, _ = boston
    ours = {
        number: verdict
        for number, verdict in database.query(
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
    with gzip.open(BOSTON, "rt", encoding="utf-8", newline="") as file:
        pairs = Counter((row["ontime"], ours[row["case_enquiry_id"]]) for row in csv.DictReader(file))

    # The file judges 10,981 rows that have no target as on time, and leaves 158 late ones without a verdict.
    assert pairs == {
        ("ONTIME", "ONTIME"): 35_591,
        ("OVERDUE", "OVERDUE"): 11_521,
        ("ONTIME", "no target"): 10_981,
        ("", "OVERDUE"): 158,
    }


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
