"""Every page in every dress: nothing serious for people who do not see it, no wider than its window, one heading, a
title and a language of its own, and in 长辈版 letters and buttons that are large enough."""

from __future__ import annotations

import pytest

from tests.support.browser import DESK, PHONE, Open, Window, axe

AREAS = tuple(
    f"/areas/{path}"
    for path in ("530103", "530103.003", "530103.003.001", "530103.003.001.001", "530103.003.001.001.00001")
)
EVERYBODYS = ("/", "/report", "/docs/", "/docs/case", "/about/licences")
PAGES: dict[str | None, tuple[str, ...]] = {
    None: ("/login", *EVERYBODYS),
    "demo.chief": (
        *(*AREAS, "/areas/530103/cases", "/account", "/account/password", "/work", "/assessment", "/flags"),
        *("/inbox", "/remedies", "/remedies/new", "/campaigns", "/campaigns/new", "/responsibilities", "/burdens"),
    ),
    "demo.dispatcher": ("/work", "/work?view=all", "/work/bulk"),
    "demo.urban": ("/work", "/assessment"),
    "demo.acceptor": ("/desk", "/posters/530103.003.001"),
    "demo.street": ("/checks", "/checks?view=all", "/areas/530103.001"),
    "demo.grid": ("/field", "/field/solve", "/checks"),
    "demo.operator": ("/operations",),
}
"""Who opens what; a page with a place in the menu has a line here."""
HARDEST: dict[str | None, tuple[str, ...]] = {
    None: ("/report",),
    "demo.chief": (AREAS[0], "/areas/530103/cases", "/work", "/campaigns/new"),
}
"""Pages made of every part there is: what holds for them holds for the rest."""
DRESSES = {"light": (), "dark": ("theme=dark",), "senior": ("senior=1",), "english": ("lang=en",)}

# What is smaller than 长辈版 promises: letters below 18 px, things to press lower than 60 px.
_TOO_SMALL = """
() => [...document.querySelectorAll('main *')].filter((one) => one.checkVisibility({ visibilityProperty: true })
    && !one.closest('svg, .only-read, code, pre')).flatMap((one) => {
  const said = [...one.childNodes].some((part) => part.nodeType === 3 && part.textContent.trim());
  const box = one.getBoundingClientRect(), name = one.tagName + '.' + one.className;
  const pressed = one.matches('button, .button, summary, select, input:not([type=checkbox], [type=radio])');
  return [...(said && parseFloat(getComputedStyle(one).fontSize) < 18 ? ['letters of ' + name] : []),
          ...(pressed && box.width > 1 && box.height < 60 ? ['height of ' + name] : [])];
})
"""


def faults(window: Window, path: str, *, is_senior: bool = False) -> list[str]:
    """What is wrong with a page as it looks now."""
    window.go(path)
    found = axe(window.page)
    if not window.fits():
        found.append("wider than its window")
    if window.page.locator("h1").count() != 1:
        found.append("not one heading")
    if window.page.get_attribute("html", "lang") not in ("zh-CN", "en") or " · " not in window.page.title():
        found.append("no language or no title")
    if is_senior:
        found += window.page.evaluate(_TOO_SMALL)
    return [f"{path}: {one}" for one in found]


def dress(window: Window, looks: tuple[str, ...]) -> None:
    """As the links at the foot of every page do."""
    for one in looks:
        window.go(f"/look?{one}&next=/about/licences")


@pytest.mark.parametrize("account", HARDEST, ids=str)
def test_a_page_holds_in_the_dark_in_large_letters_in_english_on_a_phone(
    browser_page: Open, account: str | None
) -> None:
    window = browser_page(account, size=PHONE)
    dress(window, ("theme=dark", "senior=1", "lang=en"))

    assert [fault for path in HARDEST[account] for fault in faults(window, path, is_senior=True)] == []


@pytest.mark.long
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("name", DRESSES)
@pytest.mark.parametrize("account", PAGES, ids=str)
def test_every_page_holds_in_every_dress(
    browser_page: Open, account: str | None, name: str, size: tuple[int, int]
) -> None:
    window = browser_page(account, size=size)
    dress(window, DRESSES[name])

    assert [one for path in PAGES[account] for one in faults(window, path, is_senior=name == "senior")] == []
