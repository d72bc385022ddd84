"""Reads what a camera wrote about when and where: hints, never proof, and never a reason to refuse a picture."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL.ExifTags import GPS, IFD, Base
from PIL.Image import Image

from shared.contracts.shapes import Point

CIVIL_TIME = timezone(timedelta(hours=8))
"""What a camera's clock shows that does not say its zone."""


@dataclass(frozen=True, slots=True)
class Camera:
    """What a camera wrote; each None when it did not say it, or said nonsense."""

    held: int | None = None
    """1 to 8, as EXIF numbers the ways to hold it."""
    taken_at: datetime | None = None
    point: Point | None = None


def read(picture: Image) -> Camera:
    """What the camera wrote into the picture."""
    try:
        found = picture.getexif()
        details, place = found.get_ifd(IFD.Exif), found.get_ifd(IFD.GPSInfo)
        return Camera(found.get(Base.Orientation), taken_at(details), point(place))
    except (ValueError, KeyError, TypeError, IndexError, OSError, SyntaxError, struct.error):
        return Camera()


def taken_at(details: Mapping[int, Any]) -> datetime | None:
    """`2026:05:03 09:12:00` and, where it is there, the zone `+08:00`."""
    said = str(details.get(Base.DateTimeOriginal, ""))
    zone = str(details.get(Base.OffsetTimeOriginal, ""))
    try:
        local = datetime.strptime(said.strip("\x00 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=CIVIL_TIME)
        if zone:
            local = datetime.strptime(f"{said} {zone.strip()}", "%Y:%m:%d %H:%M:%S %z")
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def point(place: Mapping[int, Any]) -> Point | None:
    """Degrees, minutes and seconds as one number of degrees, north and east positive."""
    try:
        lat = _degrees(place[GPS.GPSLatitude], place[GPS.GPSLatitudeRef], "S")
        lon = _degrees(place[GPS.GPSLongitude], place[GPS.GPSLongitudeRef], "W")
        error = place.get(GPS.GPSHPositioningError)
        accuracy = None if error is None else float(error)
    except (KeyError, ValueError, TypeError, ZeroDivisionError, OverflowError):
        return None
    if not (abs(lat) <= 90 and abs(lon) <= 180) or (lat == lon == 0):
        return None
    if accuracy is not None and not (math.isfinite(accuracy) and 0 <= accuracy <= 100_000):
        accuracy = None
    return Point(lat=round(lat, 6), lon=round(lon, 6), accuracy=accuracy)


def _degrees(parts: Any, side: Any, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    found = degrees + minutes / 60 + seconds / 3600
    return -found if str(side).strip("\x00 ").upper() == negative else found
