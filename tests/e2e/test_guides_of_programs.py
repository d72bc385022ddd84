"""The guides for Open311 and for systems that send to us: their samples are run as they stand, one after another."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.support.stack import RunningStack, eventually

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def samples(guide: str, stack: RunningStack, folder: Path) -> list[str]:
    """What each sample of the guide printed; `WUJI=…` is this stack's own address."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / guide).read_text(encoding="utf-8"), re.DOTALL)
    assert sum("WUJI=http://127.0.0.1:8080" in block for block in blocks) == 1
    script = "\necho; echo ----\n".join(blocks).replace("http://127.0.0.1:8080", stack.url)
    program = folder / "wuji"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m deploy.wuji.main "$@"\n')
    program.chmod(0o755)
    (folder / "deploy").symlink_to(ROOT / "deploy")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "WUJI_RUN_DIR": str(stack.run.root),
            "LC_ALL": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split("----\n")


def test_the_guide_to_open311_does_what_it_says(panlong: RunningStack, tmp_path: Path) -> None:
    found = samples("open311.md", panlong, tmp_path)

    assert f'"url":"{panlong.url}/open311/v2"' in found[0]
    assert "<service_code>E-01-02</service_code>" in found[0]
    assert '"service_request_id"' in found[2]
    assert '"description":"垃圾桶三天没有清运，味道很大"' in found[3]
    assert "<urgency>urgent</urgency>" in found[3]
    assert "13888886666" not in "".join(found)
    assert "<error><code>403</code><description>this api_key is not valid</description></error>" in found[4]


def test_the_guide_for_other_systems_does_what_it_says(panlong: RunningStack, tmp_path: Path) -> None:
    found = samples("inbound.md", panlong, tmp_path)
    number = re.search(r'"number":"([0-9]{20})"', found[1])

    assert number, found[1]
    known = "SELECT area, source FROM intake.reports WHERE number = %s"
    assert eventually(lambda: panlong.rows(known, [number[1]], role="intake"), 20)
    assert panlong.rows(known, [number[1]], role="intake") == [("530103.001.001", "hotline")]
    assert panlong.wuji("inbound", "list").stdout.count("hotline-12345") == 1
    assert panlong.wuji("inbound", "revoke", "hotline-12345").returncode == 0


def test_a_key_of_open311_is_made_listed_and_revoked_on_the_command_line(panlong: RunningStack) -> None:
    key = panlong.wuji("apikey", "create", "city-map").stdout.strip()

    fields = {"api_key": key, "service_code": "E-01-02", "address_string": "拓东街道尚义社区"}
    address = f"{panlong.url}/open311/v2/requests.json"
    told = requests.post(address, fields, timeout=20)
    revoked = panlong.wuji("apikey", "revoke", "city-map")
    refused = requests.post(address, fields, timeout=20)
    (listed,) = [one for one in panlong.json("apikey", "list") if one["name"] == "city-map"]

    assert (told.status_code, revoked.returncode, refused.status_code) == (200, 0, 403)
    assert listed["revoked_at"]
    assert key not in str(listed)
