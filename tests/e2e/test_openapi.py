"""Schemathesis against the OpenAPI document of every service, through nginx: nothing may surprise it.

Every door is called with values at the edge of what the document allows, and with values beyond it, in
three roles. A 500, an undocumented answer, an answer that breaks its own schema, or a wrong request that is accepted
is a failure.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack import RunningStack

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SERVICES = ("intake", "dispatch", "grid", "survey", "notify")
ROLES = {
    "intake": "acceptor",
    "dispatch": "dispatcher",
    "grid": "supervisor",
    "survey": "reader",
    "notify": "operator",
}
"""The role that may open most doors of a service."""
SECONDS = int(os.environ.get("WUJI_TEST_FUZZ_SECONDS", "6"))
"""For each service."""


@pytest.mark.parametrize("service", SERVICES)
def test_schemathesis_finds_nothing(panlong: RunningStack, service: str, tmp_path: Path) -> None:
    token = panlong.token(ROLES[service], "530103")
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            f"{panlong.url}/api/v1/{service}/openapi.json",
            *("--header", f"Authorization: Bearer {token}"),
            *("--phases", "coverage,fuzzing"),
            *("--max-time", str(SECONDS), "--max-examples", "20", "--seed", "5"),
            *("--request-timeout", "30", "--generation-database", "none"),
            # A document cannot say all that is right: our own cursors, known departments, fields that go together.
            *("--exclude-checks", "positive_data_acceptance"),
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60 + SECONDS * 6,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-8000:]
    # Warnings are fine: an acceptor may not open the operator's doors, and made-up ids lead nowhere.
    assert re.search(r"Tested: [1-9]", done.stdout), done.stdout[-8000:]
