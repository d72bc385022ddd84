"""Which service answers which path below `/api/v1`: what nginx is told, and what the tests compare with the doors."""

from __future__ import annotations

ROUTES: dict[str, tuple[str, ...]] = {
    "intake": ("reports", "photos", "field/reports", "subjects", "inbound", "api-keys"),
    "dispatch": (
        "cases",
        "escalations",
        "departments",
        "issue-types",
        "responsibilities",
        "calendar",
        "admissions",
        "demands",
        "burdens",
        "pool",
        "label-sets",
        "policies",
        "remedies",
        "campaigns",
    ),
    "grid": (
        "areas",
        "grids",
        "appointments",
        "staffing",
        "checks",
        "spot-checks",
        "duty",
        "emergencies",
        "visits",
        "field/visits",
        "views",
        "timeline",
        "accounts",
    ),
    "survey": ("feedback", "indicators", "figures", "appraisals", "flags"),
    "notify": ("notices", "outbox", "subscriptions", "events"),
}
"""Service → how its paths begin; each service also answers `/api/v1/<service>/openapi.json`."""

LARGE: dict[str, int] = {"/api/v1/photos": 10}
"""Addresses that take more than 1 MB, and how many."""

SMALL: dict[str, int] = {"/login": 64, "/session": 64, "/account": 64, "/feedback": 128}
"""Addresses whose forms are short: kilobytes that they take."""

STREAMS: frozenset[str] = frozenset({"/live"})
"""Addresses that answer on and on."""

STANDARDS: dict[str, str] = {"/open311/": "intake", "/events/": "notify"}
"""Addresses outside of `/api/v1`, which other standards have drawn or people read, and the service behind each."""


PAGES: dict[str, tuple[str, ...]] = {
    "grid": (
        "/",
        "/login",
        "/logout",
        "/session",
        "/account",
        "/look",
        "/areas",
        "/wall",
        "/live",
        "/about",
        "/checks",
    ),
    "dispatch": ("/work", "/cases", "/remedies", "/campaigns", "/responsibilities", "/burdens"),
    "survey": ("/feedback", "/assessment", "/flags"),
    "notify": ("/docs", "/operations", "/inbox"),
    "intake": ("/report", "/track", "/posters", "/desk", "/field"),
}
"""Service → addresses that people open, and everything below each of them; `/` is itself alone."""


def service_of(path: str) -> str | None:
    """The service behind a path such as `/api/v1/cases/5`; None when nginx would answer 404."""
    for start, service in STANDARDS.items():
        if path.startswith(start):
            return service
    for service, pages in PAGES.items():
        if any(path == page or (page != "/" and path.startswith(f"{page}/")) for page in pages):
            return service
    prefix, _, rest = path.partition("/api/v1/")
    if prefix or not rest:
        return None
    for service, own in ROUTES.items():
        if any(rest == start or rest.startswith(f"{start}/") for start in (*own, service)):
            return service
    return None
