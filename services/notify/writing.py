"""The writer of this process: its templates are read when it starts, and stop it when they quote what nothing fills."""

from __future__ import annotations

from services.notify import templates
from services.notify.letters import Writer
from shared.config import Config
from shared.security.sealing import Sealer

TEMPLATES = templates.load()
SETS = templates.load_sets()


def writer_of(config: Config, language: str) -> Writer:
    """Writes in that language, with the keys of the configuration."""
    return Writer(
        templates=TEMPLATES,
        language=language,
        sealer=Sealer(config.master_key),
        link_key=config.link_key,
        public_url=config.public_url,
        sets=SETS,
    )
