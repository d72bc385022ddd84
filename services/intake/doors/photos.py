"""The doors of photos: one in, one out."""

from __future__ import annotations

import re
import time
from pathlib import Path

import eventlet
from eventlet.green import subprocess
from eventlet.semaphore import Semaphore

from services.intake.photos import handlers, queries
from services.intake.photos.schemas import LookQuery, PhotoReceipt, TakenQuery
from services.intake.room import Room
from shared.kernel.area import Area
from shared.kernel.errors import NotFound, Unavailable
from shared.photos import Prepared, easel, reference
from shared.photos.images import LARGEST_BODY
from shared.security.permission import require
from shared.web.call import ANYONE, Call, Reply
from shared.web.door import Raw, door

PHOTOS = "/api/v1/photos"
PICTURE = Raw(("image/jpeg", "image/png", "image/webp", "image/heic", "application/octet-stream"), LARGEST_BODY)
GIGABYTE = 1_000_000_000
GONE = Path(__file__).parents[1] / "pages" / "gone.svg"
_ALONE = {"Content-Security-Policy": "default-src 'none'; sandbox"}
_HASH = re.compile(r"[0-9a-f]{64}")
_COUNTED_SECONDS = 60.0
_AT_THE_EASEL = Semaphore(2)
"""Pictures that are drawn at once: each takes a core and a hundred megabytes."""


class _Room:
    """How much room photos take, counted now and then: nobody adds gigabytes within a minute."""

    def __init__(self) -> None:
        self.kept = 0
        self.counted = -_COUNTED_SECONDS


class PhotoDoors(Room):
    """Sending a photo, and looking at one."""

    _taken = _Room()

    @door(
        "POST",
        PHOTOS,
        summary="Send a photo",
        takes=PICTURE,
        query=TakenQuery,
        answer=PhotoReceipt,
        status=201,
        roles=ANYONE,
        description="The body is the picture: JPEG, PNG or WebP, up to 10 MB. Sent twice, it is the same photo.",
    )
    def photo_take(self, call: Call) -> Reply:
        """Drawn anew without what the camera wrote into it, kept, and named by its content."""
        area = self._belongs(call)
        store = self.desk.photos
        self._refuse_when_full()
        picture = _drawn(call.raw)
        stored = handlers.keep(self.log, store, picture, area, call.cause())
        call.note(photo=stored.sha256[:12], bytes=stored.size)
        said = {name: getattr(stored, name) for name in ("sha256", "size", "width", "height")}
        return Reply({"reference": reference(stored.sha256), **said})

    @door("GET", f"{PHOTOS}/<digest>", summary="Look at a photo", query=LookQuery, media="image/jpeg", roles=ANYONE)
    def photo_look(self, call: Call) -> Reply:
        """For staff who serve a place with an issue that refers to it, for whoever sent it, and for the reporter.

        Every look is recorded. Whether a photo exists is not told to anybody else.
        """
        sha256, size, secret = call.path["digest"], call.query["size"], call.query["secret"]
        known = _HASH.fullmatch(sha256) is not None
        if not known or not queries.may_see(self.rows, sha256, call.asker, secret, self.desk.link_key):
            raise NotFound("there is no photo of this name that concerns you", hint="a new one is known within seconds")
        if queries.is_erased(self.rows, sha256):
            return _gone(call.headers.get("accept", ""))
        content = self.desk.photos.get(sha256, size)
        if content is None:
            raise NotFound("the photo's bytes are gone", hint="wuji doctor")
        queries.record_look(self.rows, sha256, size, call.asker, call.at)
        headers = {"Cache-Control": "private, max-age=3600", **_ALONE}
        return Reply(content, media="image/jpeg", headers=headers)

    def _belongs(self, call: Call) -> Area:
        """Where the photo is entered. Raises Forbidden for a place that staff do not serve."""
        named: Area | None = call.query["area"]
        if named is not None:
            if call.asker is not None:
                require(call.asker, named)
            self.desk.know_area(named)
            return named
        own = None if call.asker is None else call.asker.area
        found = own or queries.first_district(self.rows)
        if found is None:
            raise Unavailable("no area is known yet")
        return found

    def _refuse_when_full(self) -> None:
        taken, most = PhotoDoors._taken, self.settings.count("WUJI_PHOTO_GIGABYTES") * GIGABYTE
        if time.monotonic() - taken.counted > _COUNTED_SECONDS:
            taken.kept, taken.counted = queries.bytes_kept(self.rows), time.monotonic()
        if taken.kept >= most:
            said = f"{taken.kept / GIGABYTE:.1f} of {most / GIGABYTE:.0f} GB"
            raise Unavailable(f"the room for photos is used up: {said}", retry_after=3600, where="WUJI_PHOTO_GIGABYTES")


def _gone(accept: str) -> Reply:
    """A page shows in its place that it was deleted; a program is told so. Raises NotFound."""
    if "image/" not in accept:
        raise NotFound("照片已删除 / the photo was deleted", hint="its name stays in the record, and shows nothing")
    headers = {"Cache-Control": "no-store", **_ALONE}
    return Reply(GONE.read_text(encoding="utf-8"), media="image/svg+xml", headers=headers)


def _drawn(raw: bytes) -> Prepared:
    """In a process of its own: everybody else goes on meanwhile. Raises Invalid, Unavailable."""
    with _AT_THE_EASEL:
        process = subprocess.Popen(
            easel.COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=easel.ENVIRONMENT, close_fds=True
        )
        try:
            with eventlet.Timeout(easel.SECONDS):
                answer, _ = process.communicate(raw)
        except eventlet.Timeout as error:
            raise Unavailable("drawing the photo took too long", retry_after=30) from error
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    return easel.result(answer)
