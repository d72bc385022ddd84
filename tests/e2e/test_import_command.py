"""`wuji import` on the real stack: through the bus into the views, with its exit codes, and nobody is notified."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from deploy.imports.mapping import read_mapping
from tests.support.imports import MAPPING, good_row, write_csv
from tests.support.ledger import settle
from tests.support.stack import RunningStack

ROOT = Path(__file__).parents[2]
BOSTON = ROOT.parent / "shared" / "data" / "us_311" / "boston_311_2011H2.csv.gz"
SHIPPED = ROOT / "deploy" / "imports" / "mappings" / "boston_311.toml"

pytestmark = pytest.mark.e2e


def figures(stack: RunningStack, area: str) -> dict[str, int]:
    answer = stack.call("GET", f"/api/v1/views/{area}", role="reader")
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["area"])


def notices(stack: RunningStack) -> int:
    return int(stack.rows("SELECT count(*) FROM es.events WHERE type = 'notice.requested'")[0][0])


def test_a_file_comes_in_through_the_bus_and_its_bad_rows_are_written_down(
    panlong: RunningStack, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "old.csv", [*(good_row(number) for number in range(40)), good_row(99, opened="once")])
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    before = notices(panlong)

    dry = panlong.json("import", "reports", str(path), "--mapping", str(mapping), codes=(3,))
    done = panlong.json("import", "reports", str(path), "--mapping", str(mapping), "--commit", codes=(3,))
    again = panlong.json("import", "reports", str(path), "--mapping", str(mapping), "--commit", codes=(3,))
    settle(panlong)
    found = figures(panlong, "999002")

    assert (dry["committed"], dry["new"], dry["rejected"]) == (False, 40, 1)
    assert (done["new"], done["rejected"], again["new"], again["unchanged"]) == (40, 1, 0, 40)
    assert 0 < done["first_position"] < done["last_position"]
    assert "which no format of the mapping reads" in Path(done["rejects_file"]).read_text(encoding="utf-8")
    assert (found["cases"], found["closed"], found["on_time"]) == (40, 40, 40)
    assert notices(panlong) == before


def test_a_wrong_file_or_mapping_is_a_sentence_and_exit_code_1(panlong: RunningStack, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes(b"no,opened\n1,\xff\n")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING, encoding="utf-8")

    broken = panlong.wuji("import", "reports", str(path), "--mapping", str(mapping), "--commit")
    missing = panlong.wuji("import", "reports", str(path), "--mapping", str(tmp_path / "none.toml"))

    assert (broken.returncode, missing.returncode) == (1, 1)
    assert "lacks the columns" in broken.stderr
    assert "there is no mapping" in missing.stderr
    assert "Traceback" not in broken.stderr + missing.stderr


@pytest.mark.long
@pytest.mark.skipif(not BOSTON.exists(), reason=f"the real input is not there: {BOSTON}")
def test_the_boston_half_year_goes_over_the_bus_into_the_known_figures(panlong: RunningStack, tmp_path: Path) -> None:
    started = time.monotonic()
    done = panlong.wuji(
        *("import", "reports", str(BOSTON), "--mapping", str(SHIPPED)),
        *("--commit", "--rejects", str(tmp_path), "-o", "json"),
        timeout=600,
    )
    print(f"imported in {time.monotonic() - started:.0f} s")
    settle(panlong, 600)
    print(f"in every view after {time.monotonic() - started:.0f} s")
    found = figures(panlong, read_mapping(SHIPPED).places.district.path)

    assert done.returncode == 0, done.stderr
    assert found["cases"] == 58_251
    assert found["with_limit"] == 47_270
    assert (found["on_time"], found["late"], found["overdue"]) == (35_591, 8_230, 3_449)
