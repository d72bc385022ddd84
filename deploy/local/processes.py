"""Start, recognise and stop what we started: by process id together with its start time, never by name.

A process id alone is not enough: after a crash or a reboot it may belong to somebody else.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def start_time(pid: int) -> str | None:
    """Boot and clock tick at which the process started; None when there is no such process, or only its corpse."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = stat.rsplit(")", 1)[1].split()
    return None if state in "ZX" else f"{BOOT_ID.read_text().strip()}:{rest[18]}"


@dataclass(frozen=True)
class PidFile:
    """Remembers one process across runs of the program."""

    path: Path

    def write(self, pid: int) -> None:
        self.path.write_text(json.dumps({"pid": pid, "started": start_time(pid)}))

    def pid(self) -> int | None:
        """The process, if it is the very one that was written and still lives."""
        try:
            kept = json.loads(self.path.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return kept["pid"] if kept["started"] and start_time(kept["pid"]) == kept["started"] else None

    def stop(self, first: signal.Signals, seconds: float) -> bool:
        """Ask with the signal, wait, then kill. True when there was something to stop."""
        pid = self.pid()
        if pid is None:
            self.path.unlink(missing_ok=True)
            return False
        os.kill(pid, first)
        if not self._gone(seconds) and self.pid() == pid:
            os.kill(pid, signal.SIGKILL)
            self._gone(10)
        reap(pid)
        self.path.unlink(missing_ok=True)
        return True

    def _gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True


def reap(pid: int) -> None:
    """Collect the exit code of a child of ours, if it is one and has ended."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def spawn(command: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path | str = "/") -> int:
    """Start a process that outlives us, its output appended to the log file; its process id."""
    with log.open("ab") as out:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    # It is meant to outlive this object: without a return code Popen would warn that it still runs.
    child.returncode = 0
    return child.pid


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, for an error message."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def clean_environment(**more: str) -> dict[str, str]:
    """A small environment for servers: theirs must not change with the shell that started them."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "LC_ALL", "TZ", "USER") if name in os.environ}
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **kept, **more}
