"""How far an import is, on stderr: a bar with rate and time left on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import TransferSpeedColumn as SpeedColumn

from deploy.imports.reading import Meter

EVERY = 10.0
"""Seconds between two lines where nobody watches a terminal."""

_PASSES = {"check": "检查 Checking", "import": "导入 Importing"}


class FileProgress:
    """Hears how many bytes of the file each pass has read; use as a context manager around the import."""

    def __init__(self, path: Path, out: TextIO | None = None) -> None:
        self._name = path.name
        self._size = max(1, path.stat().st_size) if path.exists() else 1
        self._out = out or sys.stderr
        self._bars: Progress | None = None
        if self._out.isatty():
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f}%"),
                SpeedColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(file=self._out),
            )

    def __enter__(self) -> FileProgress:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def watch(self, name: str) -> Meter:
        """The meter of one pass over the file."""
        title = f"{_PASSES.get(name, name)} {self._name}"
        if self._bars is not None:
            return self._bar(self._bars, self._bars.add_task(title, total=self._size))
        return self._lines(title)

    def _bar(self, bars: Progress, task: TaskID) -> Meter:
        return lambda read: bars.update(task, completed=min(read, self._size))

    def _lines(self, title: str) -> Meter:
        print(f"… {title}", file=self._out, flush=True)
        started = last = time.monotonic()

        def tell(read: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last < EVERY or not read:
                return
            last = now
            share = min(1.0, read / self._size)
            rate = read / (now - started) / 1024
            left = (now - started) * (1 - share) / share
            text = f"… {title}: {share:.0%}, {rate:.0f} KiB/s, 剩余 {left:.0f} s left"
            print(text, file=self._out, flush=True)

        return tell
