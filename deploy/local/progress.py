"""What is being done right now, on stderr: a spinner for people, plain lines for logs, never silent for long."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

QUIET_AT_MOST = 2.0
"""Seconds without a sign of life."""


@dataclass
class Step:
    """One thing being done; `detail` may be changed at any time."""

    title: str
    started: float = field(default_factory=time.monotonic)
    detail: str = ""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def now(self) -> str:
        """What is being done, and for how long."""
        return " ".join(part for part in (self.title, self.detail, f"{self.seconds:.0f} s") if part)


class Progress:
    """Steps that may overlap. Use as a context manager around all of them."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, highlight=False, quiet=quiet)
        if not self.console.is_terminal:
            # A log has no width: nothing may be folded there.
            self.console.width = 300
        self._lively = self.console.is_terminal and not quiet
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("[dim]{task.fields[detail]}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self._lively,
        )
        self._steps: dict[int, Step] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._ticker: threading.Thread | None = None

    def __enter__(self) -> Progress:
        self._over.clear()
        self._bars.start()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._ticker:
            self._ticker.join()
        self._bars.stop()

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Announce a step, and say how long it took when it is over."""
        step = Step(title)
        with self._lock:
            key = self._bars.add_task(title, total=None, detail="")
            self._steps[key] = step
        if not self._lively:
            self.console.print(f"… {title}")
        done = False
        try:
            yield step
            done = True
        finally:
            with self._lock:
                self._bars.remove_task(key)
                del self._steps[key]
            mark = "[green]✓[/]" if done else "[red]✗[/]"
            tail = f" [dim]{step.detail}[/]" if step.detail else ""
            self.console.print(f"{mark} {title} [dim]{step.seconds:.1f} s[/]{tail}")

    def line(self, text: str) -> None:
        """One line that stays."""
        self.console.print(text)

    def _tick(self) -> None:
        period = 0.2 if self._lively else QUIET_AT_MOST
        while not self._over.wait(period):
            with self._lock:
                running = list(self._steps.items())
                if self._lively:
                    for key, step in running:
                        self._bars.update(key, detail=step.detail)  # type: ignore[arg-type]
            if running and not self._lively:
                self.console.print("  … " + ", ".join(step.now for _, step in running), markup=False)
                sys.stderr.flush()
