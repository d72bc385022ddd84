"""Reads features out of GeoJSON, GeoJSON lines and CSV files as survey offices and map programs write them.

A file that cannot be trusted as a whole (cut off, wrong encoding, another kind of file) raises Invalid; what is wrong
with one feature is found later, and keeps only that one out.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from deploy.local.words import say
from shared.kernel.errors import Invalid

MOST_MEGABYTES = 100
MOST_FEATURES = 50_000
GEOMETRY_COLUMNS = ("geometry", "geom", "wkt", "the_geom", "geojson", "polyline", "boundary", "polygon", "边界", "界线")
_GEOGRAPHIC = ("4326", "4490", "CRS84", "WGS84", "WGS 84", "CGCS2000", "4979")
"""What names of reference systems in degrees have in them."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One entry of a file, as it stands there."""

    index: int
    """From 1 on."""
    properties: dict[str, Any]
    geometry: Any
    """A GeoJSON geometry, or text in WKT or in the form of map services: `lon,lat;lon,lat|lon,lat;…`."""


def features_of(path: Path, encoding: str) -> list[Feature]:
    """Every feature of the file in order. Raises Invalid, naming file and place, for a file that is none."""
    text = _text(path, encoding)
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        found = list(_of_csv(path, text, "\t" if suffix == ".tsv" else ","))
    elif suffix in (".geojson", ".json"):
        found = _of_geojson(path, text)
    elif suffix in (".geojsonl", ".geojsons", ".jsonl", ".ndjson"):
        found = _of_lines(path, text)
    else:
        raise _no_file(
            path,
            say(f"{path.name} 不是 GeoJSON 或 CSV", f"{path.name} is neither GeoJSON nor CSV"),
            say(
                "Shapefile、KML 等先转换: ogr2ogr -t_srs EPSG:4326 out.geojson in.shp",
                "convert Shapefile, KML and others first: ogr2ogr -t_srs EPSG:4326 out.geojson in.shp",
            ),
        )
    if not found:
        raise _no_file(path, say("文件里没有要素", "the file has no features"), say("检查导出", "export it again"))
    if len(found) > MOST_FEATURES:
        raise _no_file(
            path,
            say(f"要素超过 {MOST_FEATURES} 个", f"it has more than {MOST_FEATURES} features"),
            say("分成几个文件", "split it into several files"),
        )
    return found


def _no_file(path: Path, said: str, hint: str) -> Invalid:
    return Invalid(said, where=str(path), hint=hint)


# --- text ---------------------------------------------------------------------------------------------------------


def _text(path: Path, encoding: str) -> str:
    try:
        if path.stat().st_size > MOST_MEGABYTES << 20:
            raise _no_file(
                path,
                say(f"文件超过 {MOST_MEGABYTES} MB", f"the file has more than {MOST_MEGABYTES} MB"),
                say(
                    "按层级或街道分成几个文件，或先简化: ogr2ogr -simplify 0.00001",
                    "split it by tier or street, or simplify it first: ogr2ogr -simplify 0.00001",
                ),
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise _no_file(path, say(f"没有文件 {path}", f"there is no file {path}"), "ls") from None
    except OSError as error:
        raise _no_file(path, f"{path}: {error.strerror or error}", "ls -l") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    if b"\0" in content and encoding != "utf-16":
        raise _no_file(
            path,
            say("文件里有 NUL 字符，不是文本", "the file holds NUL characters: it is no text"),
            say("重新导出", "export it again"),
        )
    try:
        return content.removeprefix(b"\xef\xbb\xbf").decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(
            say(f"第 {line} 行不是 {encoding} 编码", f"line {line} is not {encoding}"),
            where=f"{path}:{line}",
            hint=say("旧软件常用: --encoding gb18030", "older programs often write: --encoding gb18030"),
        ) from error


# --- GeoJSON ------------------------------------------------------------------------------------------------------


def _parsed(path: Path, text: str, first_line: int = 1) -> Any:
    try:
        # NaN and Infinity are no JSON, but map programs write them: one bad number is not a bad file.
        return json.loads(text, parse_constant=lambda _: math.nan)
    except (json.JSONDecodeError, RecursionError) as error:
        line = first_line + (error.lineno - 1 if isinstance(error, json.JSONDecodeError) else 0)
        raise Invalid(
            say(f"第 {line} 行不是 JSON: {error}", f"line {line} is no JSON: {error}"),
            where=f"{path}:{line}",
            hint=say("文件可能没有传完整，请重新导出", "the file may be cut off: export it again"),
        ) from error


def _of_geojson(path: Path, text: str) -> list[Feature]:
    found = _parsed(path, text)
    kind = found.get("type") if isinstance(found, dict) else None
    if kind == "FeatureCollection" and isinstance(found.get("features"), list):
        _in_degrees(path, found.get("crs"))
        return [_feature(number, one) for number, one in enumerate(found["features"], 1)]
    if kind == "Feature":
        return [_feature(1, found)]
    if isinstance(found, list) and found and all(isinstance(one, dict) for one in found):
        return [_feature(number, one) for number, one in enumerate(found, 1)]
    raise _no_file(
        path,
        say(f"不是 FeatureCollection，而是 {kind or type(found).__name__}", f"it is no FeatureCollection but {kind}"),
        say("导出为 GeoJSON FeatureCollection", "export it as a GeoJSON FeatureCollection"),
    )


def _of_lines(path: Path, text: str) -> list[Feature]:
    lines = [(number, line.strip("\x1e \r")) for number, line in enumerate(text.split("\n"), 1)]
    wanted = [(number, line) for number, line in lines if line]
    return [_feature(n, _parsed(path, line, number)) for n, (number, line) in enumerate(wanted, 1)]


def _feature(index: int, found: Any) -> Feature:
    if not isinstance(found, dict):
        return Feature(index, {}, None)
    properties = found.get("properties")
    known = dict(properties) if isinstance(properties, dict) else {}
    if isinstance(found.get("id"), str | int):
        known.setdefault("id", found["id"])
    return Feature(index, known, found.get("geometry"))


def _in_degrees(path: Path, crs: Any) -> None:
    """A reference system that is named must be one in degrees of WGS-84 or CGCS2000."""
    name = str(crs.get("properties", {}).get("name", "")) if isinstance(crs, dict) else ""
    if name and not any(known in name.upper() for known in _GEOGRAPHIC):
        raise _no_file(
            path,
            say(f"坐标系是 {name}", f"its reference system is {name}"),
            say(
                "转换为 CGCS2000 或 WGS-84 经纬度: ogr2ogr -t_srs EPSG:4326 out.geojson in.geojson",
                "convert it to degrees of WGS-84: ogr2ogr -t_srs EPSG:4326 out.geojson in.geojson",
            ),
        )


# --- CSV ----------------------------------------------------------------------------------------------------------


def _of_csv(path: Path, text: str, delimiter: str) -> Iterator[Feature]:
    csv.field_size_limit(MOST_MEGABYTES << 20)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        column = _geometry_column(path, header)
        for number, row in enumerate((row for row in rows if row), 1):
            values = dict(zip(header, row, strict=False))
            geometry = values.pop(column, "").strip()
            yield Feature(number, dict(values), _geometry(geometry))
    except csv.Error as error:
        raise Invalid(
            say(f"第 {rows.line_num} 行不是 CSV: {error}", f"line {rows.line_num} is no CSV: {error}"),
            where=f"{path}:{rows.line_num}",
            hint=say("边界那一列要用引号括起来", "put the column with the boundary into quotes"),
        ) from error


def _geometry_column(path: Path, header: Sequence[str]) -> str:
    for name in header:
        if name.lower() in GEOMETRY_COLUMNS:
            return name
    raise _no_file(
        path,
        say("没有边界那一列", "there is no column with the boundary"),
        say("列名用其中之一: ", "call it one of: ") + ", ".join(GEOMETRY_COLUMNS),
    )


def _geometry(text: str) -> Any:
    """A GeoJSON geometry in a cell is read; anything else stays text."""
    if not text.startswith("{"):
        return text
    try:
        return json.loads(text, parse_constant=lambda _: math.nan)
    except json.JSONDecodeError:
        return text
