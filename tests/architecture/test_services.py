"""The five services are built alike, and each one's header says truly what it writes, hears and serves."""

from __future__ import annotations

import importlib
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from deploy.local.preparation import service_class
from shared.contracts import catalogue
from shared.entrypoints.on import reactions_of
from shared.web.door import doors_of

ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "dispatch", "grid", "survey", "notify")
ROOMS = ("domain", "handlers", "reactions", "projections", "queries", "schemas", "service")
catalogue.load()


def _header(service: str) -> dict[str, str]:
    text = importlib.import_module(f"services.{service}").__doc__ or ""
    parts = re.split(r"^(Writes|Hears|Serves):", text.split("\n\n", 2)[1], flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _heard(service: str) -> set[str]:
    """Every event type that a reaction or a projection of the service takes."""
    reactions: Any = reactions_of(service_class(service))
    projections = importlib.import_module(f"services.{service}.projections").PROJECTIONS
    heard = {name for reaction in reactions for name in reaction.types}
    return heard | {name for projection in projections for name in projection.handles}


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_rooms(service: str) -> None:
    folder = ROOT / "services" / service
    missing = [room for room in ROOMS if not (folder / f"{room}.py").exists() and not (folder / room).is_dir()]

    assert missing == []
    assert (folder / "tables.sql").exists()


@pytest.mark.parametrize("service", SERVICES)
def test_the_header_names_every_category_that_the_service_writes(service: str) -> None:
    written = set(re.findall(r"\b([a-z_]+)-<", _header(service)["Writes"]))

    assert written == {category for category, owner in catalogue.OWNERS.items() if owner == service}


@pytest.mark.parametrize("service", SERVICES)
def test_the_header_names_every_event_that_a_reaction_hears(service: str) -> None:
    patterns = set(re.findall(r"\b[a-z_]+\.(?:[a-z_]+|\*)", _header(service)["Hears"])) - {"projections.py"}
    reactions: Any = reactions_of(service_class(service))
    heard = {name for reaction in reactions for name in reaction.types}

    assert {name for name in heard if not any(fnmatch(name, pattern) for pattern in patterns)} == set()
    assert {pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in catalogue.CURRENT)} == set()
    assert {pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in _heard(service))} == set()


@pytest.mark.parametrize("service", SERVICES)
def test_the_header_names_every_address_that_the_service_serves(service: str) -> None:
    named = set(re.findall(r"/[\w/.-]+", _header(service)["Serves"]))
    # Home is where every other address begins, so it cannot be told apart by how it begins.
    served = {door.url for _, door in doors_of(service_class(service))} - {"/"}
    unnamed = {url for url in served if not any(url.startswith(place) for place in named) and "openapi" not in url}

    assert unnamed == set()
    assert {place for place in named if not any(url.startswith(place) for url in served)} == set()
