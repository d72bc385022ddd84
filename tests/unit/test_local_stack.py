"""The parts of the local stack that need no server: ports, places, processes, secrets, environment files, routes."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from deploy.local import environment, packages, places
from deploy.local.backends import Backends, guess_management, named, with_login, without_password
from deploy.local.credentials import ACCOUNTS, SERVICES, Credentials
from deploy.local.environment_file import as_text, read
from deploy.local.places import RunDir
from deploy.local.ports import PLACES, Ports, is_free
from deploy.local.processes import PidFile, start_time
from deploy.local.routes import ROUTES, service_of
from shared.kernel.errors import Invalid


def test_a_newer_release_keeps_every_port_and_adds_its_own(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    now = Ports(path, "00000003").all()
    older = {name: port for name, port in now.items() if name != "courier.admin"} | {"retired.admin": 1}
    path.write_text(json.dumps(older))

    upgraded = Ports(path, "00000009").all()

    assert {name: upgraded[name] for name in older if name != "retired.admin"} == {
        name: port for name, port in older.items() if name != "retired.admin"
    }
    assert upgraded.keys() == now.keys()
    assert len(set(upgraded.values())) == len(upgraded)


def test_ports_are_remembered_and_all_different(tmp_path: Path) -> None:
    first = Ports(tmp_path / "ports.json", "00000001").all()
    again = Ports(tmp_path / "ports.json", "00000001").all()

    assert first == again
    assert first.keys() == PLACES.keys()
    assert len(set(first.values())) == len(first)


def test_two_run_directories_begin_with_different_ports(tmp_path: Path) -> None:
    one = Ports(tmp_path / "one.json", "00000001")
    other = Ports(tmp_path / "other.json", "00000055")

    assert not set(one.all().values()) & set(other.all().values())


def test_a_port_that_somebody_took_meanwhile_gets_a_new_number(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json", "00000007")
    old = ports["front"]
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", old))
        stranger.listen()
        changed = ports.renew_taken(["front", "postgres"])

    assert changed == {"front": (old, ports["front"])}
    assert ports["front"] != old
    assert is_free(ports["front"])
    assert Ports(tmp_path / "ports.json", "00000007")["front"] == ports["front"]


def test_a_process_is_recognised_and_stopped(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    child.returncode = 0
    remembered = PidFile(tmp_path / "child.json")
    remembered.write(child.pid)

    assert remembered.pid() == child.pid
    assert remembered.stop(signal.SIGTERM, 10)
    assert remembered.pid() is None
    assert not remembered.stop(signal.SIGTERM, 1)


def test_a_process_id_that_belongs_to_somebody_else_now_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        path = tmp_path / "old.json"
        path.write_text(json.dumps({"pid": stranger.pid, "started": "another-boot:12345"}))

        assert not PidFile(path).stop(signal.SIGKILL, 1)
        assert start_time(stranger.pid) is not None

        stranger.terminate()


def test_secrets_are_generated_once_and_only_for_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    first, again = Credentials(path), Credentials(path)

    assert first.all() == again.all()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len({first.database(name) for name in ACCOUNTS}) == len(ACCOUNTS)


@pytest.fixture
def backends(tmp_path: Path) -> Backends:
    credentials = Credentials(tmp_path / "credentials.json")
    return Backends(
        "postgresql://root:pw@127.0.0.1:5/wuji", "amqp://root:pw@127.0.0.1:6/wuji", "http://a:b@c:7", credentials, True
    )


def test_every_process_gets_its_own_accounts_and_only_the_secrets_it_needs(tmp_path: Path, backends: Backends) -> None:
    ports = Ports(tmp_path / "ports.json", "00000003")
    environment.write(tmp_path, backends, ports, "http://127.0.0.1:1")
    found = {name: read(tmp_path / f"{name}.env") for name in (*environment.PROCESSES, "operator")}

    assert "//wuji_dispatch:" in found["dispatch"]["DATABASE_URL"]
    assert "//wuji_dispatch:" in found["dispatch"]["AMQP_URL"]
    assert "WUJI_MASTER_KEY" not in found["dispatch"]
    assert [name for name, values in found.items() if "WUJI_TOKEN_KEY" in values] == ["grid", "operator"]
    assert {f"DATABASE_URL_{name.upper()}" for name in SERVICES} <= found["projector"].keys()
    assert all(stat.S_IMODE((tmp_path / f"{name}.env").stat().st_mode) == 0o600 for name in found)


def test_environment_files_change_only_when_something_changed(tmp_path: Path, backends: Backends) -> None:
    ports = Ports(tmp_path / "ports.json", "00000003")

    assert environment.write(tmp_path, backends, ports, "http://127.0.0.1:1")
    assert not environment.write(tmp_path, backends, ports, "http://127.0.0.1:1")
    assert environment.write(tmp_path, backends, ports, "http://127.0.0.1:2")


def test_an_environment_file_reads_back_what_was_written(tmp_path: Path) -> None:
    values = {"A": '{"kty": "EC", "x": "a=b"}', "B": "postgresql://u:p@h/d?x=1", "C": ""}
    path = tmp_path / "x.env"
    path.write_text("# a comment\n\n" + as_text(values) + "export D=plain\n")

    assert read(path) == {**values, "D": "plain"}


def test_addresses_change_their_login_and_lose_their_password() -> None:
    url = "postgresql://root:a%40b@db.local:5432/wuji?sslmode=require"

    assert with_login(url, "wuji_grid", "p/w") == "postgresql://wuji_grid:p%2Fw@db.local:5432/wuji?sslmode=require"
    assert without_password(url) == "postgresql://root@db.local:5432/wuji"


def test_the_management_address_is_guessed_from_the_broker() -> None:
    assert guess_management("amqp://a:b@mq.local:5672/wuji") == "http://a:b@mq.local:15672"


def test_servers_are_taken_from_the_environment_both_or_not_at_all() -> None:
    both = {"DATABASE_URL": "postgresql://a:b@h/wuji", "AMQP_URL": "amqp://a:b@h/wuji"}

    assert named({}) is None
    assert named(both) == (both["DATABASE_URL"], both["AMQP_URL"], "http://a:b@h:15672")
    with pytest.raises(Invalid):
        named({"DATABASE_URL": both["DATABASE_URL"]})


def test_a_folder_that_rabbitmq_cannot_use_is_not_used_for_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setattr(places, "is_root", lambda: False)
    run = RunDir(tmp_path / "what a [name]!" / ".run")
    run.prepare()

    assert run.data.is_symlink()
    assert run.data.resolve().is_relative_to(tmp_path / "share")

    run.remove()

    assert not run.root.exists()
    assert not list((tmp_path / "share" / "wuji").iterdir())


@pytest.mark.parametrize(
    ("said", "number"),
    [("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)", 15), ("postgres (PostgreSQL) 17.1", 17)],
)
def test_the_version_of_postgresql_is_read(said: str, number: int, tmp_path: Path) -> None:
    program = tmp_path / "postgres"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)

    assert packages.major_version(program) == number


def test_missing_packages_are_named_with_the_command_that_installs_them() -> None:
    said = packages.please_install(["rabbitmq-server", "nginx-light"])

    assert "apt-get install --no-install-recommends rabbitmq-server nginx-light" in said


@pytest.mark.parametrize("service", sorted(ROUTES))
def test_nginx_knows_the_way_to_every_door(service: str) -> None:
    from deploy.local.preparation import service_class
    from shared.web.openapi import document

    astray = [path for path in document(service_class(service))["paths"] if service_of(path) != service]

    assert astray == []


def test_a_path_of_nobody_leads_nowhere() -> None:
    assert service_of("/api/v1/nosuch/5") is None
    assert service_of("/") == "grid"
    assert service_of("/areas/530103.001") == "grid"
    assert service_of("/nosuch") is None


def test_the_supervisor_runs_what_can_be_run() -> None:
    assert import_module("deploy.wuji.process").PROCESSES == environment.PROCESSES
