"""The Makefile: help lists every target, and CI runs what people run."""

from __future__ import annotations

import re
import subprocess

from deploy.local.places import PROJECT


def targets() -> set[str]:
    text = (PROJECT / "Makefile").read_text(encoding="utf-8")
    declared = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert declared is not None
    return set(declared[1].split())


def test_help_lists_every_target() -> None:
    said = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    listed = {line.split()[0] for line in plain.splitlines() if line.strip()}

    assert listed == targets()
    assert {"demo", "down", "reset", "test", "check", "bench", "soak", "help", "lock"} <= listed


def test_every_target_says_what_it_does() -> None:
    text = (PROJECT / "Makefile").read_text(encoding="utf-8")

    assert all(re.search(rf"^{name}:.*## \S", text, re.MULTILINE) for name in targets())


def test_ci_runs_exactly_make_test() -> None:
    lines = (PROJECT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert lines[-1] == "exec make test"
