"""The arrows of the house hold, and every contract has been seen to fail when somebody breaks it."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BREACHES = {
    "services-talk-only-through-events": ("services/survey/queries/feedback.py", "import services.dispatch.handlers"),
    "only-the-operator-imports-everything": ("shared/handling.py", "import services.grid.handlers"),
    "the-kernel-stands-alone": ("shared/kernel/clock.py", "import shared.ports"),
    "contracts-know-only-the-kernel": ("shared/contracts/case.py", "import shared.handling"),
    "adapters-do-not-know-each-other": ("shared/telemetry/logs.py", "import shared.postgres.errors"),
    "the-domain-does-no-io": ("services/survey/domain/feedback.py", "import requests"),
    "only-doors-know-nameko": ("services/survey/reactions.py", "import nameko"),
    "psycopg2-lives-in-one-room": ("services/survey/queries/feedback.py", "import psycopg2"),
    "pika-lives-in-plain-processes": ("services/survey/handlers.py", "import pika"),
    "shapely-lives-in-one-room": ("services/survey/handlers.py", "import shapely"),
}


def _lint(folder: Path, *only: str) -> subprocess.CompletedProcess[str]:
    chosen = [word for contract in only for word in ("--contract", contract)]
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(program), "--no-cache", *chosen], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def test_every_contract_has_a_breach_to_be_tried_with() -> None:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    contracts = {name.removeprefix("importlinter:contract:") for name in parser.sections() if ":contract:" in name}

    assert contracts == set(BREACHES)


@pytest.mark.slow
@pytest.mark.parametrize("contract", BREACHES)
def test_a_broken_arrow_is_found(contract: str, tmp_path: Path) -> None:
    for folder in ("services", "shared", "deploy"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    file, line = BREACHES[contract]
    broken = tmp_path / file
    broken.write_text(broken.read_text() + f"\n{line}\n")

    done = _lint(tmp_path, contract)

    assert done.returncode == 1
    assert "BROKEN" in done.stdout
