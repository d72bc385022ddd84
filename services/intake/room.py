"""What all of intake's doors have in common: the log, the tables, the settings, and the desk."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from services.intake.desk import Desk
from shared.entrypoints.providers import Log, Settings, Tables
from shared.pages.page import Pages
from shared.photos import FolderStore
from shared.security.sealing import Sealer

PAGES = Pages("intake", Path(__file__).parent / "pages")


class Room:
    """Doors of intake are written in classes of this kind, which the service puts together."""

    log = Log()
    rows = Tables()
    settings = Settings()
    _desk: ClassVar[Desk | None] = None

    @property
    def desk(self) -> Desk:
        """The one desk of this process."""
        desk = Room._desk
        if desk is None or desk.rows is not self.rows:
            config = self.settings
            folder = config.get("WUJI_PHOTO_DIR")
            photos = FolderStore(Path(folder)) if folder else None
            desk = Desk(self.rows, Sealer(config.master_key), config.link_key, config.public_url, photos)
            Room._desk = desk
        return desk
