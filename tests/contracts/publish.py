"""Writes what every event version that has none yet needs: its golden body, its published schema, and its example.

Golden bodies and schemas are never overwritten: they are what was promised. The AsyncAPI document is, as long as it
only grows. Examples are for people, and follow `tests/support/examples.py`. Run it as
`python -m tests.contracts.publish`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared.contracts import asyncapi, catalogue, codec
from shared.kernel.clock import utc_now
from tests.contracts.narrowing import document_narrowings
from tests.support.examples import example

GOLDEN = Path(__file__).parent / "golden"
PUBLISHED = Path(catalogue.__file__).parent / "published"


def main() -> None:
    """Publish what is new."""
    catalogue.load()
    dates = json.loads((PUBLISHED / "dates.json").read_text())
    for (name, version), found in sorted(catalogue.EVENTS.items()):
        key, body = f"{name}.v{version}", codec.encode(example(found.shape))
        promised = {GOLDEN / f"{key}.json": body, PUBLISHED / "schemas" / f"{key}.json": codec.json_schema(found.shape)}
        for path, content in promised.items():
            if not path.exists():
                _write(path, content)
                print(f"published {path.name} in {path.parent.name}/")
        _write(PUBLISHED / "examples" / f"{key}.json", body)
        dates.setdefault(key, utc_now().date().isoformat())
    _write(PUBLISHED / "dates.json", dict(sorted(dates.items())))
    _publish_document()


def _publish_document() -> None:
    path, now = PUBLISHED / "asyncapi.json", asyncapi.document()
    broken = document_narrowings(json.loads(path.read_text()), now) if path.exists() else []
    if broken:
        raise SystemExit("this would break subscribers; make a new version instead:\n" + "\n".join(broken))
    _write(path, now)


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
