"""What intake does about photos by itself: those of an erased person go along, and every hour it sweeps."""

from __future__ import annotations

from nameko.timer import timer

from services.intake.photos import erasing
from services.intake.photos.sweeping import Sweep
from services.intake.room import Room
from shared.contracts.envelope import Recorded
from shared.contracts.subject import SubjectErased
from shared.entrypoints.on import on
from shared.handling import Cause
from shared.kernel.clock import utc_now
from shared.kernel.errors import Unavailable, WujiError
from shared.telemetry.logs import logger

_STANDS_AT = "SELECT position FROM watermarks WHERE projection = 'photo_uses'"


class PhotoEars(Room):
    """Photos go."""

    @on(SubjectErased)
    def erase_photos(self, recorded: Recorded[SubjectErased]) -> None:
        """The photos of their reports, once our tables know everybody else who names them."""
        if self.settings.get("WUJI_PHOTO_DIR") is None:
            return  # There are none; where there were, the sweep finds them as soon as their folder is named again.
        standing = self.rows.query(_STANDS_AT)
        known, needed = standing[0]["position"] if standing else 0, recorded.position or 0
        if known < needed:
            raise Unavailable(f"photos are known up to {known}, this needs {needed}", retry_after=1)
        cause = Cause.reaction("intake.erase_photos", recorded, utc_now())
        erasing.erase_of(recorded, self.log, self.rows, self.desk.photos, cause)

    @timer(interval=3600)  # type: ignore[untyped-decorator]  # nameko has no types
    def sweep_photos(self) -> None:
        """What an erasure left, and what nothing ever named."""
        if self.settings.get("WUJI_PHOTO_DIR") is None:
            return
        days = self.settings.count("WUJI_PHOTO_UNNAMED_DAYS")
        try:
            done = list(Sweep(self.log, self.rows, self.desk.photos, days).steps(utc_now()))
        except WujiError as error:
            # Nothing is lost: what is to go is found again by the next sweep.
            logger("intake").warning("photo_sweep_interrupted", error=str(error))
            return
        if done:
            logger("intake").info("photos_swept", steps=len(done))
