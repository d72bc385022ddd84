"""Signing in and out in a real browser: led back to where one wanted to go, and told in words what is wrong."""

from __future__ import annotations

import pytest
import requests

from tests.support.browser import PHONE, Open, axe, password_of, sign_in
from tests.support.stack import RunningStack


def test_whoever_is_not_signed_in_is_led_to_the_log_in_and_back(browser_page: Open, city_pages: RunningStack) -> None:
    window = browser_page()
    window.go("/areas/530103.003?days=7")

    assert "/login" in window.page.url
    sign_in(window, "demo.dispatcher", password_of(city_pages))
    assert window.page.url.endswith("/areas/530103.003?days=7")


def test_a_wrong_password_is_said_in_words_and_nothing_more(browser_page: Open) -> None:
    window = browser_page()
    window.expected = ["403"]
    said = []
    for account in ("demo.dispatcher", "nobody.here"):
        sign_in(window, account, "not-the-password")
        said.append(window.page.inner_text("[role=alert]"))

    assert "账号或密码不正确" in said[0]
    assert said[0] == said[1]
    assert axe(window.page) == []


def test_an_account_is_locked_after_five_wrong_passwords(city_pages: RunningStack, browser_page: Open) -> None:
    made = city_pages.json("account", "create", "lock.me", "--role", "reader", "--area", "530103")
    window = browser_page()
    window.expected = ["403"]
    for _ in range(5):
        sign_in(window, "lock.me", "wrong")
    sign_in(window, "lock.me", made["password"])

    assert "/login" in window.page.url
    assert city_pages.rows("SELECT count(*) FROM es.events WHERE type = 'account.locked'")[0][0] == 1


def test_a_one_time_password_is_changed_first(city_pages: RunningStack, browser_page: Open) -> None:
    made = city_pages.json("account", "create", "new.clerk", "--role", "acceptor", "--area", "530103")
    window = browser_page()
    window.expected = ["400"]
    sign_in(window, "new.clerk", made["password"])

    assert "/account/password" in window.page.url
    assert window.go("/areas/530103").url.endswith("/login?next=/areas/530103")
    sign_in(window, "new.clerk", made["password"])
    for new in ("short", "Kunming-2026-spring"):
        window.page.fill("[name=new]", new)
        window.page.fill("[name=again]", new)
        window.page.click("main form button[type=submit]")
        window.page.wait_for_load_state("load")
        if new == "short":
            assert "10" in window.page.inner_text("#h-new")
    window.go("/account")
    assert "new.clerk" in window.page.inner_text("main")
    kept = city_pages.rows("SELECT data::text FROM es.events WHERE stream = 'account-new.clerk'")
    assert not any("Kunming" in data or made["password"] in data for (data,) in kept)


def test_signing_out_ends_the_session_here_and_there(browser_page: Open) -> None:
    window = browser_page("demo.dispatcher")
    cookies = {one["name"]: one["value"] for one in window.page.context.cookies()}
    with window.page.expect_navigation():
        window.page.click("form[action='/session/end'] button")

    assert window.go("/areas/530103").url.endswith("/login?next=/areas/530103")
    again = requests.get(
        f"{window.url}/session", cookies={"wuji_renewal": cookies["wuji_renewal"]}, allow_redirects=False, timeout=10
    )
    assert again.headers["Location"].startswith("/login")


def test_a_browser_that_is_still_known_goes_on_without_a_question(browser_page: Open) -> None:
    window = browser_page("demo.street")
    window.page.context.clear_cookies(name="wuji_session")
    window.go("/account")

    assert window.page.url.endswith("/account")


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_form_that_is_not_ours_is_refused(browser_page: Open, token: str | None) -> None:
    window = browser_page("demo.dispatcher")
    cookies = {one["name"]: one["value"] for one in window.page.context.cookies()}
    body = {"old": "a", "new": "b", "again": "b"} | ({"_csrf": token} if token else {})
    answer = requests.post(f"{window.url}/account/password", data=body, cookies=cookies, timeout=10)

    assert answer.status_code == 403


def test_a_session_is_no_key_to_the_doors_of_programs_without_its_token(browser_page: Open) -> None:
    window = browser_page("demo.operator")
    cookies = {one["name"]: one["value"] for one in window.page.context.cookies()}
    body = {"account": "made.by.forgery", "role": "operator"}
    refused = requests.post(f"{window.url}/api/v1/accounts", json=body, cookies=cookies, timeout=10)
    read = requests.get(f"{window.url}/api/v1/accounts", cookies=cookies, timeout=10)

    assert refused.status_code == 403
    assert read.status_code == 200


def test_the_log_in_looks_well_on_a_phone_and_in_large_letters(browser_page: Open) -> None:
    window = browser_page(size=PHONE)
    window.go("/login")
    window.screenshot("login-phone")
    assert window.fits()
    window.go("/look?senior=1&next=/login")
    window.screenshot("login-senior")

    assert window.fits()
    assert float(window.page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")) >= 24
    assert axe(window.page) == []


def test_an_address_that_leads_nowhere_is_a_page_for_people_and_a_problem_for_programs(
    city_pages: RunningStack,
) -> None:
    people = requests.get(f"{city_pages.url}/wall/nowhere", headers={"Accept": "text/html,*/*;q=0.8"}, timeout=10)
    programs = requests.get(f"{city_pages.url}/api/v1/areas/a/b/c", headers={"Accept": "text/html"}, timeout=10)

    assert (people.status_code, people.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "没有找到这个页面" in people.text
    assert (programs.status_code, programs.headers["Content-Type"]) == (404, "application/problem+json")


def test_a_visitor_of_the_demonstration_chooses_whom_to_be(browser_page: Open, city_pages: RunningStack) -> None:
    window = browser_page(size=PHONE)
    window.go("/login?next=/work")
    window.page.click(".visitors a:has-text('值班长')")
    window.page.wait_for_selector(".visitors [aria-current]")
    chosen = window.page.input_value("[name=account]")
    window.page.fill("[name=password]", password_of(city_pages))
    window.page.click("main form button[type=submit]")
    window.page.wait_for_url("**/work")

    assert chosen == "demo.chief"
