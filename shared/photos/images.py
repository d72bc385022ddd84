"""Makes a picture harmless: what comes in is read with suspicion, and what goes on is drawn anew.

The type is told by the bytes, never by a header. A new JPEG is made of the pixels alone, turned upright, so that
nothing hidden in the file (where somebody lives, a second picture, a script) goes along. What the camera wrote about
time and place is read out first, for the record.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, UnidentifiedImageError

from shared.contracts.shapes import Point
from shared.kernel.errors import Invalid
from shared.photos import exif

TYPES = ("JPEG", "PNG", "WEBP")
LARGEST_BODY = 10_000_000
"""Bytes of a picture as it is sent."""
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2_048
THUMBNAIL_SIDE = 320
_QUALITY, _THUMBNAIL_QUALITY = 85, 75
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How the camera was held → what makes the picture upright."""
_HEIC = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis", b"avif")


# A camera's mistakes are no news to an operator.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
# We look at the claimed size ourselves, before a single pixel is unpacked.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture that may be kept, and what is known about it."""

    content: bytes
    """A JPEG without any metadata."""
    thumbnail: bytes
    sha256: str
    """Of the content, in hexadecimal."""
    width: int
    height: int
    fingerprint: str
    """64 bits in hexadecimal that look alike for pictures that look alike: compare by counting bits that differ."""
    taken_at: datetime | None
    """By the camera's own clock."""
    point: Point | None


def prepare(raw: bytes) -> Prepared:
    """The picture, drawn anew. Raises Invalid for whatever is no picture, too large, damaged or of another type."""
    try:
        return _drawn(Image.open(io.BytesIO(raw), formats=TYPES))
    except UnidentifiedImageError as error:
        raise _no_picture(raw) from error
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, IndexError, struct.error) as error:
        # What a decoder raises that stumbles over bytes which are not as they should be.
        raise Invalid("the photo is damaged and cannot be read", where="body", hint="take or send it again") from error


def _drawn(opened: Image.Image) -> Prepared:
    if opened.width * opened.height > MOST_PIXELS:
        raise Invalid(
            f"the photo has {opened.width} × {opened.height} pixels",
            where="body",
            hint=f"up to {MOST_PIXELS // 1_000_000} million will do",
        )
    camera = exif.read(opened)
    # libjpeg can skip most of the work when a large picture is to become a small one.
    opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    picture = _on_white(opened)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if camera.held in _UPRIGHT:
        picture = picture.transpose(_UPRIGHT[camera.held])
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    content = _jpeg(picture, _QUALITY)
    return Prepared(
        content=content,
        thumbnail=_jpeg(small, _THUMBNAIL_QUALITY),
        sha256=hashlib.sha256(content).hexdigest(),
        width=picture.width,
        height=picture.height,
        fingerprint=fingerprint(small),
        taken_at=camera.taken_at,
        point=camera.point,
    )


def fingerprint(picture: Image.Image) -> str:
    """Whether each of 8 × 8 places is brighter than its right neighbour: light, size and quality hardly change it."""
    gray = picture.convert("L").resize((9, 8), Image.Resampling.BILINEAR)
    pixels = gray.tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            left = row * 9 + column
            bits = bits << 1 | (pixels[left] > pixels[left + 1])
    return f"{bits:016x}"


def difference(one: str, other: str) -> int:
    """How many of the 64 bits of two fingerprints differ; up to about 10 the pictures show the same."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _on_white(picture: Image.Image) -> Image.Image:
    """Only the colours: a new image carries no metadata along."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        paper = Image.new("RGB", seen.size, "white")
        paper.paste(seen, mask=seen.getchannel("A"))
        return paper
    plain = picture.convert("RGB")
    plain.info.clear()
    return plain


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=False, progressive=False)
    return out.getvalue()


def _no_picture(raw: bytes) -> Invalid:
    if raw[4:8] == b"ftyp" and raw[8:12] in _HEIC:
        return Invalid("this is a HEIC photo", where="body", hint="send it as JPEG: phones do that on request")
    return Invalid("this is no JPEG, PNG or WebP picture", where="body", hint="the bytes count, not the file's name")
