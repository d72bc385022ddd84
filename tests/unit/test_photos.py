"""What comes in as a photo: drawn anew, upright, without anything hidden in it; and where it is kept."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.kernel.errors import Invalid, Unavailable
from shared.photos import FolderStore, Size, hash_of, prepare, reference
from shared.photos.images import LONGEST_SIDE, MOST_PIXELS, THUMBNAIL_SIDE, difference
from tests.support.pictures import exif, photo, scene


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_nothing_hidden_goes_along_and_what_the_camera_said_is_kept_apart() -> None:
    raw = photo(exif=exif(), comment=b"13888886666")

    done = prepare(raw)

    assert b"Phone" in raw
    assert b"Phone" not in done.content
    assert b"13888886666" not in done.content + done.thumbnail
    assert dict(opened(done.content).getexif()) == dict(opened(done.thumbnail).getexif()) == {}
    assert done.taken_at == datetime(2026, 5, 3, 1, 12, tzinfo=UTC)
    assert done.point is not None
    assert (done.point.lat, done.point.lon, done.point.accuracy) == (25.04, 102.73, 8.0)


def test_a_photo_held_sideways_is_turned_upright() -> None:
    marked = scene(size=(640, 320))
    marked.paste((255, 0, 0), (0, 0, 60, 60))
    out = io.BytesIO()
    marked.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", exif=exif(orientation=6), quality=95)

    done = opened(prepare(out.getvalue()).content).convert("RGB")

    assert done.size == (640, 320)
    red, green, _blue = done.getpixel((20, 20))  # type: ignore[misc]
    assert red > 200
    assert green < 60


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_kind_becomes_a_jpeg(kind: str) -> None:
    done = prepare(photo(kind=kind))

    assert opened(done.content).format == opened(done.thumbnail).format == "JPEG"
    assert max(opened(done.thumbnail).size) == THUMBNAIL_SIDE


def test_what_is_seen_through_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(out, "PNG")

    done = opened(prepare(out.getvalue()).content).convert("RGB")

    assert done.getpixel((20, 20)) == (255, 255, 255)


def test_a_large_picture_becomes_as_large_as_is_needed() -> None:
    done = prepare(photo(size=(4000, 3000)))

    assert (done.width, done.height) == (LONGEST_SIDE, LONGEST_SIDE * 3 // 4)
    assert opened(done.content).size == (done.width, done.height)


def test_the_same_bytes_have_the_same_name_and_like_pictures_a_like_fingerprint() -> None:
    one, again = prepare(photo(1)), prepare(photo(1))
    smaller, other = prepare(photo(1, size=(640, 480), quality=40)), prepare(photo(2))

    assert one.sha256 == again.sha256 != smaller.sha256
    assert difference(one.fingerprint, smaller.fingerprint) <= 6
    assert difference(one.fingerprint, other.fingerprint) > 12


def test_the_bytes_say_what_it_is() -> None:
    for raw in (b"%PDF-1.7 ...", b"<svg onload=alert(1)>", b"GIF89a" + bytes(50), b"MZ" + bytes(90)):
        with pytest.raises(Invalid, match="no JPEG"):
            prepare(raw)
    with pytest.raises(Invalid, match="HEIC"):
        prepare(b"\x00\x00\x00\x18ftypheic" + bytes(60))


def test_half_a_picture_is_refused() -> None:
    raw = photo()

    with pytest.raises(Invalid, match="damaged"):
        prepare(raw[: len(raw) // 2])


def test_a_picture_that_claims_to_be_enormous_is_refused_before_it_is_unpacked() -> None:
    side = 30_000
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(side))
    bomb = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")

    with pytest.raises(Invalid, match="pixels"):
        prepare(bomb)
    assert side * side > MOST_PIXELS


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


_SEEDS = [photo(size=(64, 48), exif=exif()), photo(kind="PNG", size=(64, 48)), photo(kind="WEBP", size=(64, 48))]


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=300, deadline=None)
@given(
    raw=st.sampled_from(_SEEDS),
    wrong=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=12),
    end=st.integers(1, 4000),
)
def test_whatever_is_sent_is_a_picture_or_refused(raw: bytes, wrong: list[tuple[int, int]], end: int) -> None:
    broken = bytearray(raw[:end])
    for place, byte in wrong:
        broken[place % len(broken)] = byte

    try:
        done = prepare(bytes(broken))
    except Invalid:
        return

    assert opened(done.content).format == "JPEG"
    assert done.point is None or (abs(done.point.lat) <= 90 and abs(done.point.lon) <= 180)


def test_a_store_keeps_what_it_got_and_nothing_half(tmp_path: Path) -> None:
    store, done = FolderStore(tmp_path, least_free=0), prepare(photo())

    store.put(done.sha256, Size.FULL, done.content)
    store.put(done.sha256, Size.FULL, b"something else under the same name")
    store.put(done.sha256, Size.THUMBNAIL, done.thumbnail)

    assert store.exists(done.sha256)
    assert store.get(done.sha256, Size.FULL) == done.content
    assert store.get(done.sha256, Size.THUMBNAIL) == done.thumbnail
    assert store.get("0" * 64, Size.FULL) is None
    assert not store.exists("0" * 64)
    files = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert files == [f"{done.sha256}.jpg", f"{done.sha256}.small.jpg"]
    assert (tmp_path / done.sha256[:2] / done.sha256[2:4]).is_dir()


def test_a_full_or_unwritable_store_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(Unavailable, match="full"):
        FolderStore(tmp_path, least_free=10**18).put("0" * 64, Size.FULL, b"x")
    with pytest.raises(Unavailable, match="cannot be kept"):
        FolderStore(tmp_path / "file").put("0" * 64, Size.FULL, b"x")


def test_a_reference_names_a_hash_and_nothing_else() -> None:
    assert hash_of(reference("0a" * 32)) == "0a" * 32
    for wrong in ("photo:abc", "photo:" + "0A" * 32, "0a" * 32, "photo:" + "0a" * 32 + "\n", "paper:" + "0a" * 32):
        assert hash_of(wrong) is None
