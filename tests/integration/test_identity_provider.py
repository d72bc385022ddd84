"""The code flow against a real OpenID provider: there and back, and everything that must not let anybody in."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from shared.pages import assets
from shared.security import tokens
from shared.security.sessions import COOKIE, Sessions
from tests.support.broker import make_vhost
from tests.support.database import Database, fresh_database
from tests.support.process import Service, free_port, wait_for
from tests.support.servers import Servers

pytestmark = pytest.mark.integration

TOKEN_KEY = tokens.new_key()
MAPPING = """
account = "preferred_username"

[[rule]]
claim = "groups"
has = "dispatchers"
role = "dispatcher"
area = "530103"

[[rule]]
claim = "groups"
has = "departments"
role = "department"
area = "530103.001"
department = "claim:dept"
"""
PEOPLE: dict[str, dict[str, Any]] = {
    "p-1": {"preferred_username": "li", "name": "小李", "groups": ["dispatchers", "all"]},
    "p-2": {"preferred_username": "zhao", "groups": ["departments"], "dept": "urban"},
    "p-3": {"preferred_username": "nobody", "groups": ["all"]},
    "p-4": {"preferred_username": "lost", "groups": ["departments"]},
}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    people = [f"--user-claims={json.dumps({'sub': sub, **claims})}" for sub, claims in PEOPLE.items()]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *people]
    with (tmp_path_factory.mktemp("provider") / "provider.log").open("wb") as log:
        provider = subprocess.Popen([*command, "--require-nonce", "true"], stdout=log, stderr=log)
    found = f"http://127.0.0.1:{port}"
    wait_for(lambda: _answers(f"{found}/.well-known/openid-configuration"), 30, lambda: "the provider does not start")
    yield found
    provider.terminate()
    provider.wait(10)


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=3).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def database(servers: Servers) -> Iterator[Database]:
    with fresh_database(servers.database_url) as found:
        yield found


@pytest.fixture(scope="module")
def grid(
    servers: Servers, database: Database, issuer: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    assert assets.MANIFEST.exists(), "run: python -m deploy.web.vendor"
    vhost = make_vhost(servers, ())
    folder: Path = tmp_path_factory.mktemp("grid")
    (folder / "people.toml").write_text(MAPPING)
    port = free_port()
    found = Service(
        "tests.support.real_service",
        folder,
        {
            "WUJI_TEST_SERVICE": "grid",
            "DATABASE_URL": database.url("grid"),
            "AMQP_URL": vhost.url("grid"),
            "WUJI_TOKEN_KEY": TOKEN_KEY,
            "WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(TOKEN_KEY),
            "WUJI_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "WUJI_OIDC_ISSUER": issuer,
            "WUJI_OIDC_CLIENT_ID": "wuji",
            "WUJI_OIDC_CLIENT_SECRET": "secret",
            "WUJI_OIDC_MAPPING_FILE": str(folder / "people.toml"),
        },
        http_port=port,
    ).start(until_ready=False)
    wait_for(lambda: _answers(found.url("/login")), 30, lambda: "grid's doors do not open")
    yield found
    found.stop(signal.SIGKILL)
    vhost.delete()


def _go(grid: Service, browser: requests.Session, sub: str, wanted: str = "/account") -> str:
    """To the provider, where somebody says who they are; the address that it sends the browser back to."""
    sent = browser.get(grid.url(f"/session/oidc?next={wanted}"), allow_redirects=False, timeout=10)
    assert sent.status_code == 303, sent.text
    back = requests.post(sent.headers["Location"], data={"sub": sub}, allow_redirects=False, timeout=10)
    assert back.status_code == 302, back.text
    return str(back.headers["Location"])


def _session(browser: requests.Session) -> Any:
    return Sessions(tokens.public_part(TOKEN_KEY)).read(browser.cookies[COOKIE])


def test_somebody_whom_the_provider_vouches_for_is_signed_in(grid: Service) -> None:
    browser = requests.Session()
    back = _go(grid, browser, "p-1", "/account?lang=en")
    done = browser.get(back, allow_redirects=False, timeout=10)
    session = _session(browser)

    assert (done.status_code, done.headers["Location"]) == (303, "/account?lang=en")
    assert (session.asker.id, session.asker.role, session.asker.area.path) == ("sso:li", "dispatcher", "530103")
    assert session.name == "小李"
    assert "sso:li" in browser.get(grid.url("/account"), timeout=10).text


def test_the_department_comes_from_a_claim(grid: Service) -> None:
    browser = requests.Session()
    browser.get(_go(grid, browser, "p-2"), allow_redirects=False, timeout=10)
    asker = _session(browser).asker

    assert (asker.role, asker.department, asker.area.path) == ("department", "urban", "530103.001")


@pytest.mark.parametrize(("sub", "why"), [("p-3", "没有角色"), ("p-4", "需要部门代码")])
def test_whoever_has_no_place_here_is_told_so(grid: Service, sub: str, why: str) -> None:
    browser = requests.Session()
    answer = browser.get(_go(grid, browser, sub), allow_redirects=False, timeout=10)

    assert answer.status_code == 403
    assert why in answer.text
    assert COOKIE not in browser.cookies


def test_a_way_back_that_this_browser_did_not_begin_leads_nowhere(grid: Service) -> None:
    victim = requests.Session()
    answer = victim.get(_go(grid, requests.Session(), "p-1"), allow_redirects=False, timeout=10)

    assert answer.status_code == 403
    assert COOKIE not in victim.cookies


def test_a_code_counts_once(grid: Service) -> None:
    browser = requests.Session()
    back = _go(grid, browser, "p-1")
    kept = browser.cookies.copy()
    first = browser.get(back, allow_redirects=False, timeout=10)
    again = requests.get(back, cookies=kept, allow_redirects=False, timeout=10)

    assert (first.status_code, again.status_code) == (303, 403)


def test_nobody_is_led_on_to_another_site(grid: Service) -> None:
    browser = requests.Session()
    done = browser.get(_go(grid, browser, "p-1", "//evil.example/"), allow_redirects=False, timeout=10)

    assert done.headers["Location"] == "/"


def test_the_session_lasts_without_asking_the_provider_again(grid: Service) -> None:
    browser = requests.Session()
    browser.get(_go(grid, browser, "p-1"), allow_redirects=False, timeout=10)
    page = browser.get(grid.url("/account"), timeout=10).text
    token = re.findall(r'data-csrf="([^"]+)"', page)[0]
    renewed = browser.post(grid.url("/session"), data={"renew": "1", "_csrf": token}, timeout=10)

    assert renewed.status_code == 204
    assert _session(browser).csrf == token
