"""What an operator sets reaches the processes that read it, and nobody else; what is wrong is said before the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import environment
from deploy.local.backends import Backends
from deploy.local.credentials import Credentials
from deploy.local.environment_file import read
from deploy.local.ports import Ports
from deploy.local.wishes import FILE, for_process, setting_of, wishes
from shared.config import SETTINGS
from shared.kernel.errors import Invalid

PROCESSES = (*environment.PROCESSES, "operator")


def readers(name: str, value: str = "x") -> set[str]:
    return {process for process in PROCESSES if for_process(process, {name: value})}


def test_every_documented_setting_is_made_by_the_stack_or_reaches_a_process(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path / "credentials.json")
    backends = Backends("postgresql://a:b@h/w", "amqp://a:b@h/w", "http://a:b@h", credentials, True)
    ports = Ports(tmp_path / "ports.json", "00000003")
    made = {name for process in PROCESSES for name in environment.environment(process, backends, ports, "http://x")}
    unknown = {one.name for one in SETTINGS if not readers(one.name)} - made

    assert unknown == {"WUJI_HTTP_HOST", "WUJI_ADMIN_HOST"}, "these stay at 127.0.0.1, behind the one origin"


def test_secrets_go_to_the_process_that_needs_them_only() -> None:
    assert readers("WUJI_SMTP_PASSWORD") == readers("WUJI_SMTP_PASSWORD_FILE") == {"notify"}
    assert readers("WUJI_SMTP_HOST") == {"notify", "operator"}
    assert readers("WUJI_WEBHOOK_NETWORKS") == {"notify", "courier", "operator"}
    assert readers("WUJI_HTTP_WORKERS") == {"intake", "dispatch", "grid", "survey", "notify", "operator"}
    assert readers("WUJI_MASTER_KEY") == readers("WUJI_ADMIN_PORT") == readers("DATABASE_URL") == set()


def test_the_environment_wins_over_the_file_and_the_file_is_kept_for_the_next_start(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("WUJI_WEBHOOK_NETWORKS=10.20.0.0/16\nWUJI_WEBHOOK_HOURS='48'\n", encoding="utf-8")
    found = wishes(tmp_path, {"WUJI_WEBHOOK_HOURS": "24", "WUJI_RUN_DIR": "/x", "WUJI_TEST_X": "1", "HOME": "/root"})

    assert found == {"WUJI_WEBHOOK_NETWORKS": "10.20.0.0/16", "WUJI_WEBHOOK_HOURS": "24"}
    assert wishes(tmp_path, {}) == {"WUJI_WEBHOOK_NETWORKS": "10.20.0.0/16", "WUJI_WEBHOOK_HOURS": "48"}
    assert wishes(tmp_path / "nothing", {}) == {}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("WUJI_WEBHOOK_HOURS=soon", "not a whole number"),
        ("WUJI_WEBHOK_HOURS=3", "there is no setting WUJI_WEBHOK_HOURS"),
        ("WUJI_ADMIN_PORT=3", "decided by the stack itself"),
        ("WUJI_SMTP_FROM=O'Hara <a@b>", "single quote"),
    ],
)
def test_what_is_wrong_is_said_before_anything_starts(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / FILE).write_text(line + "\n", encoding="utf-8")

    with pytest.raises(Invalid, match=says) as caught:
        wishes(tmp_path, {})
    assert caught.value.where == line.partition("=")[0]


def test_a_misspelt_name_is_answered_with_the_right_one(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("WUJI_WEBHOK_HOURS=3\n", encoding="utf-8")

    with pytest.raises(Invalid) as caught:
        wishes(tmp_path, {})
    assert caught.value.hint == "WUJI_WEBHOOK_HOURS"
    assert setting_of("WUJI_WEBHOOK_HOURS") is not None


def test_they_stand_in_the_files_that_the_processes_are_started_with(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path / "credentials.json")
    backends = Backends("postgresql://a:b@h/w", "amqp://a:b@h/w", "http://a:b@h", credentials, True)
    ports = Ports(tmp_path / "ports.json", "00000003")
    given = {"WUJI_WEBHOOK_NETWORKS": "10.0.0.0/8", "WUJI_PUBLIC_URL": "https://wuji.example"}
    environment.write(tmp_path, backends, ports, "http://127.0.0.1:1", given)
    found = {name: read(tmp_path / f"{name}.env") for name in PROCESSES}

    assert [name for name in PROCESSES if "WUJI_WEBHOOK_NETWORKS" in found[name]] == ["notify", "courier", "operator"]
    assert {values["WUJI_PUBLIC_URL"] for values in found.values()} == {"https://wuji.example"}
    assert not environment.write(tmp_path, backends, ports, "http://127.0.0.1:1", given)
    assert environment.write(tmp_path, backends, ports, "http://127.0.0.1:1", {})
