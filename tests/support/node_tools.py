"""Tools that only exist as npm packages: installed once from a lock file with hashes, into a folder beside the code."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "node"
CACHE = Path(__file__).parents[2] / ".run-node"
PARTS = ("package.json", "package-lock.json", ".npmrc", "parse.js")


def run(script: str, *arguments: str) -> Any:
    """What the script printed as JSON. Skips, saying so, on a machine without npm; in CI that is a failure."""
    folder = _installed()
    done = subprocess.run(
        ["node", str(folder / script), *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def _installed() -> Path:
    if shutil.which("npm") is None or shutil.which("node") is None:
        missing = "npm or node is missing: apt-get install nodejs npm"
        if os.environ.get("CI"):
            pytest.fail(f"{missing} (CI must not leave this test out)")
        pytest.skip(missing)
    CACHE.mkdir(exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        # Tests side by side ask for it at the same time: one installs, the others wait.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install({part: (HERE / part).read_bytes() for part in PARTS})
    return CACHE


def _install(wanted: dict[str, bytes]) -> None:
    done = CACHE / "node_modules" / ".done"
    if not done.exists() or any(_bytes(CACHE / part) != content for part, content in wanted.items()):
        done.unlink(missing_ok=True)
        for part, content in wanted.items():
            (CACHE / part).write_bytes(content)
        made = subprocess.run(["npm", "ci"], cwd=CACHE, capture_output=True, text=True, timeout=300, check=False)
        assert made.returncode == 0, f"npm could not install {HERE / 'package-lock.json'}:\n{made.stderr[-2000:]}"
        done.touch()


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
