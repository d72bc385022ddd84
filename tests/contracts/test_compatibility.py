"""A published wire shape is never narrowed: golden files load for ever, and schemas only widen.

`tests/contracts/golden/<type>.v<n>.json` holds one body per published version; `shared/contracts/published/schemas`
holds its JSON Schema as it was when it was published. A new version of a type gets its own two files; the old ones
never change. To publish a new type or version: `python -m tests.contracts.publish`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.contracts import catalogue, codec
from shared.contracts.changes import narrowings

GOLDEN = Path(__file__).parent / "golden"
SCHEMAS = Path(catalogue.__file__).parent / "published" / "schemas"
catalogue.load()
TYPES = sorted(f"{name}.v{version}" for name, version in catalogue.EVENTS)


def _published(folder: Path, key: str) -> Any:
    return json.loads((folder / f"{key}.json").read_text())


@pytest.mark.parametrize("key", TYPES)
def test_the_golden_body_of_every_version_still_loads(key: str) -> None:
    name, _, version = key.rpartition(".v")
    body = _published(GOLDEN, key)

    loaded = codec.load(name, int(version), body)

    assert type(loaded) is catalogue.CURRENT[name].shape
    assert codec.revive(name, int(version), body) == loaded


@pytest.mark.parametrize("key", TYPES)
def test_the_shape_is_not_narrower_than_it_was_published(key: str) -> None:
    name, _, version = key.rpartition(".v")
    now = codec.json_schema(catalogue.EVENTS[name, int(version)].shape)

    assert narrowings(_published(SCHEMAS, key), now) == []


def test_nothing_published_has_vanished() -> None:
    published = {path.name.removesuffix(".json") for path in SCHEMAS.glob("*.json")}

    assert published == set(TYPES)


BEFORE = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "point": {"type": "object", "properties": {"lat": {"type": "number"}}, "required": ["lat"]},
    },
    "required": ["id"],
}


def _changed(**properties: Any) -> dict[str, Any]:
    return {**BEFORE, "properties": {**BEFORE["properties"], **properties}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("after", "complaint"),
    [
        ({**BEFORE, "properties": {"id": BEFORE["properties"]["id"]}}, "kind was removed"),  # type: ignore[index]
        ({**BEFORE, "required": ["id", "kind"]}, "kind became required"),
        ({**BEFORE, "required": []}, "id is no longer always there"),
        (_changed(kind={"type": "integer"}), "kind changed its type from string to integer"),
        (_changed(kind={"type": "string", "enum": ["a"]}), "kind lost the value b"),
        (_changed(point={"type": "object", "properties": {}, "required": []}), "point.lat was removed"),
    ],
)
def test_a_narrowed_shape_is_refused(after: dict[str, Any], complaint: str) -> None:
    assert complaint in narrowings(BEFORE, after)


def test_a_widened_shape_is_welcome() -> None:
    after = _changed(kind={"type": "string", "enum": ["a", "b", "c"]}, more={"type": "string"})

    assert narrowings(BEFORE, after) == []
