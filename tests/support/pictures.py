"""Pictures as phones take them, made on the spot: with a place and a time hidden in them, turned, too large, broken."""

from __future__ import annotations

import io
import random
from typing import Any

from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, IFD, Base


def scene(seed: int = 1, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture of something: other seeds show other things."""
    chance = random.Random(seed)
    picture = Image.new("RGB", size, (200, 210, 220))
    pen = ImageDraw.Draw(picture)
    for _ in range(14):
        left, top = chance.randrange(size[0]), chance.randrange(size[1])
        wide, high = chance.randrange(20, size[0] // 2), chance.randrange(20, size[1] // 2)
        colour = tuple(chance.randrange(256) for _ in range(3))
        pen.rectangle((left, top, left + wide, top + high), fill=colour)  # type: ignore[arg-type]
    return picture


def exif(orientation: int = 1) -> Image.Exif:
    """As a phone writes it: 9:12 on 3 May 2026 by the clock of the place, at a corner of Panlong."""
    found = Image.Exif()
    found[Base.Make] = "Phone"
    found[Base.Orientation] = orientation
    found.get_ifd(IFD.Exif).update({Base.DateTimeOriginal: "2026:05:03 09:12:00", Base.OffsetTimeOriginal: "+08:00"})
    found.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: (25.0, 2.0, 24.0),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: (102.0, 43.0, 48.0),
            GPS.GPSHPositioningError: 8.0,
        }
    )
    return found


def photo(seed: int = 1, kind: str = "JPEG", size: tuple[int, int] = (640, 480), **how: Any) -> bytes:
    """The bytes of a picture; `exif`, `quality` … go to Pillow."""
    out = io.BytesIO()
    scene(seed, size).save(out, kind, **how)
    return out.getvalue()
