"""Small files and mappings to import from, made for tests: nothing in them was ever said by anybody."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.imports.mapping import read_mapping
from deploy.imports.mapping_parts import Mapping as ImportMapping

COLUMNS = ("no", "opened", "due", "closed", "state", "what", "kind", "sort", "office", "quarter", "block", "lat", "lon")

MAPPING = """
[source]
name = "old-town"
title = "Old Town"

[fields]
external_number = "no"
title = ["what"]

[times]
zone = "Asia/Shanghai"
formats = ["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M"]
reported = "opened"
target = "due"
closed = "closed"

[status]
column = "state"
open = ["open"]
closed = ["closed"]

[point]
lat = "lat"
lon = "lon"

[issue_type]
by = "columns"
columns = ["sort", "kind"]
prefix = "T"

[area]
by = "levels"
district = "999002"
name = "Old Town, a sample"

[[area.levels]]
column = "quarter"
kind = "quarter"

[[area.levels]]
column = "block"
kind = "block"
pattern = "([1-9][0-9]*)"
template = "Block {}"

[department]
column = "office"

[department.table]
roads = { code = "old-roads", name = "老城道路处", name_en = "Roads" }
parks = { code = "old-parks", name = "老城公园处", name_en = "Parks" }
"""


def good_row(number: int, **changes: str) -> dict[str, str]:
    """A closed row that was handled on time."""
    row = {
        "no": f"N-{number:06}",
        "opened": "2024-03-04 09:00:00",
        "due": "2024-03-08 17:00:00",
        "closed": "2024-03-06 10:30:00",
        "state": "closed",
        "what": f"Hole in the road {number}",
        "kind": "hole",
        "sort": "road",
        "office": "roads",
        "quarter": f"Quarter {number % 3}",
        "block": f"{number % 7 + 1}",
        "lat": "25.05",
        "lon": "102.74",
    }
    return row | changes


def write_csv(path: Path, rows: Iterable[Mapping[str, str]], columns: Iterable[str] = COLUMNS) -> Path:
    """A CSV file, gzipped when its name says so."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def mapping_in(folder: Path, text: str = MAPPING) -> ImportMapping:
    """The mapping, written into the folder and read from there."""
    path = folder / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path)
