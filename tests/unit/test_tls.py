"""The certificate before the services: whose it is, how long it lasts, and what is said before it ends."""

from __future__ import annotations

import ipaddress
import stat
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509

from deploy.local import tls
from deploy.local.places import PROJECT
from deploy.local.routes import SMALL
from deploy.local.site import CITY, Site, text
from deploy.wuji import nginx
from deploy.wuji.checks import Level, machine
from services.grid.accounts.browsers import Browsers
from shared.config import Config
from shared.kernel.clock import utc_now
from shared.kernel.errors import Invalid


def test_one_is_made_for_this_machine_and_kept(tmp_path: Path) -> None:
    made = tls.wished({"WUJI_TLS": "self-signed"}, tmp_path)
    assert made is not None
    before = made.certificate.read_bytes()
    again = tls.wished({"WUJI_TLS": "self-signed"}, tmp_path)
    names = x509.load_pem_x509_certificate(before).extensions.get_extension_for_class(x509.SubjectAlternativeName)

    assert again == made
    assert made.certificate.read_bytes() == before
    assert ipaddress.ip_address("127.0.0.1") in names.value.get_values_for_type(x509.IPAddress)
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert timedelta(days=390) < made.ends() - utc_now() < timedelta(days=398), "longer ones are refused by browsers"


def test_it_is_made_anew_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "VALID", timedelta(days=20))
    old = tls.self_signed(tmp_path).certificate.read_bytes()
    monkeypatch.undo()

    assert tls.self_signed(tmp_path).certificate.read_bytes() != old


def test_the_operators_own_files_go_first_and_come_together(tmp_path: Path) -> None:
    own = tls.self_signed(tmp_path)
    found = {"WUJI_TLS": "self-signed", "WUJI_TLS_CERT": str(own.certificate), "WUJI_TLS_KEY": str(own.key)}

    assert tls.wished(found, tmp_path / "elsewhere") == own
    assert tls.wished({"WUJI_TLS": "off"}, tmp_path) is None
    assert tls.wished({}, tmp_path) is None
    with pytest.raises(Invalid, match=r"come together|一起给出"):
        tls.wished({"WUJI_TLS_CERT": str(own.certificate)}, tmp_path)
    with pytest.raises(Invalid, match="PEM"):
        tls.wished(found | {"WUJI_TLS_CERT": str(own.key)}, tmp_path)
    with pytest.raises(Invalid, match=r"cannot be read|读不到"):
        tls.wished(found | {"WUJI_TLS_KEY": str(tmp_path / "nothing")}, tmp_path)


@pytest.mark.parametrize(
    ("days", "level"), [(397, Level.GOOD), (29, Level.WARNING), (-1, Level.BAD), (None, Level.GOOD)]
)
def test_the_doctor_says_in_time_that_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int | None, level: Level
) -> None:
    shown = None
    if days is not None:
        monkeypatch.setattr(tls, "VALID", timedelta(days=days, minutes=30 if days > 0 else -30))
        monkeypatch.setattr(tls, "RENEWED_BEFORE", timedelta(days=-9))
        monkeypatch.setattr(tls, "EARLIER", timedelta(days=9))
        shown = tls.self_signed(tmp_path)
    patient: Any = SimpleNamespace(stack=SimpleNamespace(nginx=SimpleNamespace(tls=shown)))
    found = machine.certificate(patient)

    assert found.level is level
    assert (level is Level.GOOD) == (found.fix == "")


def test_browsers_are_held_to_tls_only_where_somebody_vouches_for_the_certificate() -> None:
    own = Site(plain="1", secure="2", tls=tls.Tls(Path("/c"), Path("/k")), pages=Path("/p"), services={}, limits=CITY)

    assert "Strict-Transport-Security" not in text(own)
    assert nginx.rendered().count("Strict-Transport-Security") == 3, "also where nginx answers itself"


@pytest.mark.parametrize("given", ["grid", "nosuch=h:1", "grid=h", "grid=h:x", "grid=h;:1"])
def test_an_address_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        nginx.addresses((given,))


def test_nothing_that_nginx_would_read_otherwise_gets_into_its_settings() -> None:
    assert nginx.addresses(("grid=10.2.0.7:8003",))["grid"] == "10.2.0.7:8003"
    for host in ("a b", "a;b", "a{b", "a\nb"):
        with pytest.raises(Invalid):
            nginx.rendered(host)


def test_the_document_says_the_limits_that_there_are() -> None:
    said = (PROJECT / "docs" / "nginx.md").read_text(encoding="utf-8")

    for rate, burst in (CITY.anonymous, CITY.everybody, CITY.logging_in, CITY.reporting, CITY.sending_photos):
        assert f"{rate} a second, {burst} at once" in said
    assert all(f"{kilobytes} KB" in said for kilobytes in SMALL.values())


def test_the_sample_in_the_repository_is_what_is_written_now() -> None:
    kept = (PROJECT / "deploy" / "nginx" / "wuji.conf").read_text(encoding="utf-8")

    assert kept == nginx.rendered(), "wuji nginx sample > deploy/nginx/wuji.conf"


@pytest.mark.parametrize(("address", "is_secure"), [("https://127.0.0.1:9", True), ("http://127.0.0.1:9", False)])
def test_a_session_travels_with_tls_only_where_people_come_with_it(address: str, is_secure: bool) -> None:
    class Here(Browsers):
        settings = Config.of("grid", WUJI_PUBLIC_URL=address)

    assert ("Secure" in Here()._session_cookie("somebody").split("; ")) is is_secure
