"""Where one private stack keeps its things.

Everything is under the run directory (`.run`, or WUJI_RUN_DIR). The three servers' own files are under `data` in it,
unless the servers cannot live there: root's PostgreSQL runs as the system user `postgres`, which cannot enter a
checkout under /root, and RabbitMQ does not accept every character in a path. Then they are in /var/lib/wuji/<name>
(root) or ~/.local/share/wuji/<name>, and `.run/data` is a link to that place.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PLAIN = re.compile(r"[A-Za-z0-9/_.,@=-]{1,90}")
"""What RabbitMQ's and nginx's files can be called without quoting trouble, and short enough for every socket."""


def is_root() -> bool:
    return os.geteuid() == 0


def anyone_can_enter(folder: Path) -> bool:
    """True when another system user may pass through every folder down to this one."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents) if part.exists())


@dataclass(frozen=True)
class RunDir:
    """The run directory and the names inside it."""

    root: Path

    @classmethod
    def chosen(cls, root: str | Path | None = None) -> RunDir:
        """The directory that the caller or WUJI_RUN_DIR names, else `.run` of this checkout."""
        named = root or os.environ.get("WUJI_RUN_DIR")
        return cls(Path(named).expanduser().resolve() if named else PROJECT / ".run")

    @property
    def digest(self) -> str:
        """Eight characters that tell this run directory from all others on the machine."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:8]

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def env(self) -> Path:
        return self.root / "env"

    @property
    def pids(self) -> Path:
        return self.root / "pids"

    @property
    def data(self) -> Path:
        """The servers' own files; may be a link, see the module's docstring."""
        return self.root / "data"

    def prepare(self) -> None:
        """Make the folders. Safe to repeat."""
        self.root.mkdir(parents=True, exist_ok=True)
        if is_root():
            self.root.chmod(0o755)
        for folder in (self.log, self.env, self.pids):
            folder.mkdir(exist_ok=True)
        self.env.chmod(0o700)
        if not self.data.exists():
            self._make_data()

    def _make_data(self) -> None:
        if PLAIN.fullmatch(str(self.data)) and not (is_root() and not anyone_can_enter(self.root)):
            self.data.mkdir(mode=0o755)
            return
        place = self._elsewhere()
        place.mkdir(parents=True, exist_ok=True, mode=0o755)
        self.data.unlink(missing_ok=True)
        self.data.symlink_to(place)

    def _elsewhere(self) -> Path:
        if is_root():
            return Path("/var/lib/wuji") / self.digest
        home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        return Path(home) / "wuji" / self.digest

    def remove(self) -> None:
        """Delete it all, with the place that `data` links to."""
        if self.data.is_symlink():
            shutil.rmtree(self.data.resolve(), ignore_errors=True)
        if self.root.exists():
            shutil.rmtree(self.root)
