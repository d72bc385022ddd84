"""Coordinates of Chinese maps brought to WGS-84, and back.

Public maps in China are shifted: GCJ-02 (高德, 腾讯) by some hundred metres, BD-09 (百度) once more. The shift is a
formula without an inverse, so the way back is found by steps, to a centimetre. CGCS2000, which government surveys use,
is taken as it is: it differs from WGS-84 by less than a metre.
"""

from __future__ import annotations

from collections.abc import Callable
from math import atan2, cos, pi, radians, sin, sqrt

Position = tuple[float, float]
"""Longitude and latitude, degrees."""

_AXIS = 6_378_245.0
_ECCENTRICITY = 0.00669342162296594323
_CLOSE = 1e-9
"""Degrees: a tenth of a millimetre."""
_STEPS = 10
_BAIDU = pi * 3000.0 / 180.0


def is_shifted(position: Position) -> bool:
    """Whether GCJ-02 differs from WGS-84 there: a rectangle around China, as every map of it has it."""
    lon, lat = position
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def to_gcj02(position: Position) -> Position:
    """Where a Chinese public map shows a WGS-84 position."""
    if not is_shifted(position):
        return position
    lon, lat = position
    x, y = lon - 105.0, lat - 35.0
    north, east = _north(x, y), _east(x, y)
    parallel = radians(lat)
    bulge = 1 - _ECCENTRICITY * sin(parallel) ** 2
    north = (north * 180.0) / ((_AXIS * (1 - _ECCENTRICITY)) / (bulge * sqrt(bulge)) * pi)
    east = (east * 180.0) / (_AXIS / sqrt(bulge) * cos(parallel) * pi)
    return lon + east, lat + north


def from_gcj02(position: Position) -> Position:
    """The WGS-84 position that a Chinese public map shows there."""
    lon, lat = position
    for _ in range(_STEPS):
        shown_lon, shown_lat = to_gcj02((lon, lat))
        off_lon, off_lat = position[0] - shown_lon, position[1] - shown_lat
        lon, lat = lon + off_lon, lat + off_lat
        if abs(off_lon) < _CLOSE and abs(off_lat) < _CLOSE:
            break
    return lon, lat


def to_bd09(position: Position) -> Position:
    """Where Baidu's map shows a WGS-84 position."""
    lon, lat = to_gcj02(position)
    distance = sqrt(lon * lon + lat * lat) + 0.00002 * sin(lat * _BAIDU)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BAIDU)
    return distance * cos(angle) + 0.0065, distance * sin(angle) + 0.006


def from_bd09(position: Position) -> Position:
    """The WGS-84 position that Baidu's map shows there."""
    lon, lat = position
    x, y = lon - 0.0065, lat - 0.006
    distance = sqrt(x * x + y * y) - 0.00002 * sin(y * _BAIDU)
    angle = atan2(y, x) - 0.000003 * cos(x * _BAIDU)
    return from_gcj02((distance * cos(angle), distance * sin(angle)))


def _same(position: Position) -> Position:
    return position


TO_WGS84: dict[str, Callable[[Position], Position]] = {
    "wgs84": _same,
    "cgcs2000": _same,
    "gcj02": from_gcj02,
    "bd09": from_bd09,
}
"""Datum → the way to WGS-84."""


def _north(x: float, y: float) -> float:
    found = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    found += (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    found += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    return found + (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0


def _east(x: float, y: float) -> float:
    found = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    found += (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    found += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    return found + (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
