"""What all of survey's doors have in common: the log, the tables, the settings, the pages."""

from __future__ import annotations

from pathlib import Path

from shared.entrypoints.providers import Log, Settings, Tables
from shared.pages.page import Pages

PAGES = Pages("survey", Path(__file__).parent / "pages")


class Room:
    """Doors of survey are written in classes of this kind, which the service puts together."""

    log = Log()
    rows = Tables()
    settings = Settings()
