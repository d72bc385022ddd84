"""Every command that the README shows runs, and every place that it names is there."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.stack import RunningStack

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
WUJI = [command for command in COMMANDS if command.startswith(".venv/bin/wuji ")]
MAKE = sorted({word for command in COMMANDS if command.startswith("make ") for word in command.split()[1:]})


def test_every_command_is_one_that_is_tried_here() -> None:
    assert {command for command in COMMANDS if command} == {*WUJI, *(f"make {target}" for target in MAKE)}
    assert len(README.splitlines()) <= 150


@pytest.mark.e2e
@pytest.mark.parametrize("command", WUJI)
def test_the_command_does_what_it_is_for(panlong: RunningStack, command: str) -> None:
    done = panlong.wuji(*shlex.split(command)[1:])

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("target", MAKE)
def test_the_target_is_there(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_every_place_that_is_named_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    paths = [path for path in re.findall(r"`([\w./-]+/[\w./-]+)`", README) if path[0] not in "./"]

    missing = [place for place in {*links, *paths} if not (ROOT / place.rstrip("/")).exists()]
    assert missing == []
