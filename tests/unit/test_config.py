"""The configuration: what is wrong is said by name, with an example, and secrets stay secret."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from shared.config import SETTINGS, Config, warn_unknown
from shared.kernel.errors import Invalid

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("WUJI_") or name in ("DATABASE_URL", "AMQP_URL", "RABBITMQ_MANAGEMENT_URL"):
            monkeypatch.delenv(name)


def test_values_come_from_the_environment_from_files_and_from_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "master"
    secret.write_text(KEY + "\n", encoding="utf-8")
    monkeypatch.setenv("WUJI_MASTER_KEY_FILE", str(secret))
    monkeypatch.setenv("WUJI_HTTP_PORT", "8123")
    config = Config.load("intake")
    origins = {line.name: line.origin for line in config.describe()}

    assert config.master_key == bytes(range(32))
    assert config.http_port == 8123
    assert config.admin_port == 9000
    assert origins["WUJI_MASTER_KEY"] == f"file {secret}"
    assert origins["WUJI_HTTP_PORT"] == "environment"
    assert origins["WUJI_ADMIN_PORT"] == "default"
    assert origins["WUJI_LINK_KEY"] == "not set"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WUJI_HTTP_PORT", "http", "not a port"),
        ("WUJI_HTTP_PORT", "70000", "not a port"),
        ("WUJI_HTTP_PORT", "-1", "not a port"),
        ("WUJI_HTTP_PORT", "٣", "not a port"),
        ("WUJI_HTTP_WORKERS", "0", "whole number"),
        ("WUJI_HTTP_REUSE_PORT", "maybe", "true nor false"),
        ("WUJI_LOG", "xml", "json nor pretty"),
        ("WUJI_MASTER_KEY", "short", "base64|bytes"),
        ("WUJI_MASTER_KEY", base64.b64encode(b"too short").decode(), "9 bytes, not 32"),
        ("DATABASE_URL", "mysql://host/db", "postgresql://"),
        ("DATABASE_URL", "postgresql:///db", "names no host"),
        ("AMQP_URL", "amqp://guest@host:port/", "port"),
        ("AMQP_URL", "rabbit", "amqp://"),
        ("RABBITMQ_MANAGEMENT_URL", "127.0.0.1:15672", "http://"),
        ("WUJI_PUBLIC_URL", "wuji.example", "http://"),
    ],
)
def test_a_wrong_value_is_named_with_an_example(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(Invalid, match=says) as caught:
        Config.load("intake")
    assert caught.value.where == name
    assert "for example" in str(caught.value)


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WUJI_HTTP_PORT", "http")
    monkeypatch.setenv("WUJI_LOG", "xml")

    with pytest.raises(Invalid) as caught:
        Config.load("intake")
    assert set(caught.value.errors) == {"WUJI_HTTP_PORT", "WUJI_LOG"}


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WUJI_LINK_KEY_FILE", "/nowhere/link")

    with pytest.raises(Invalid, match="/nowhere/link"):
        Config.load("intake")


def test_a_value_that_is_needed_and_not_set_says_how_to_set_it() -> None:
    config = Config.load("intake")

    with pytest.raises(Invalid, match="DATABASE_URL is not set") as caught:
        _ = config.database_url
    assert "DATABASE_URL_FILE" in str(caught.value.hint)


def test_misspelt_names_are_warned_about() -> None:
    warnings = warn_unknown({"WUJI_HTPP_PORT": "1", "WUJI_TEST_DATABASE_URL": "x", "WUJI_LOG": "json", "PATH": "/"})

    assert warnings == ["nobody reads WUJI_HTPP_PORT; did you mean WUJI_HTTP_PORT?"]


def test_a_description_masks_every_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://wuji_intake:hunter2@db.example:5433/wuji")
    monkeypatch.setenv("WUJI_MASTER_KEY", KEY)
    shown = {line.name: line.value for line in Config.load("intake").describe()}

    assert shown["DATABASE_URL"] == "postgresql://wuji_intake:********@db.example:5433/wuji"
    assert shown["WUJI_MASTER_KEY"] == "********"
    assert "hunter2" not in str(shown)
    assert set(shown) == {setting.name for setting in SETTINGS}


def test_a_configuration_never_shows_its_secrets_when_printed() -> None:
    config = Config.of("intake", DATABASE_URL="postgresql://a:hunter2@h/d", WUJI_MASTER_KEY=KEY)

    assert "hunter2" not in repr(config)
    assert KEY not in repr(config)
