"""What notify's pages have in common: the log, the tables, the settings, the templates."""

from __future__ import annotations

from pathlib import Path

from shared.entrypoints.providers import Log, Settings, Tables
from shared.pages.page import Pages

PAGES = Pages("notify", Path(__file__).parent / "pages")


class Room:
    """Pages of notify are written in classes of this kind, which the service puts together."""

    log = Log()
    rows = Tables()
    settings = Settings()
