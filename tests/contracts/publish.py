"""Writes the golden body and the published schema of every event version that has none yet; never overwrites one."""

from __future__ import annotations

import json
from pathlib import Path

from shared.contracts import catalogue, codec
from tests.support.examples import example

HERE = Path(__file__).parent


def main() -> None:
    """Publish what is new."""
    catalogue.load()
    for (name, version), found in sorted(catalogue.EVENTS.items()):
        body = codec.encode(example(found.shape))
        for folder, content in (("golden", body), ("published", codec.json_schema(found.shape))):
            path = HERE / folder / f"{name}.v{version}.json"
            if not path.exists():
                path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
                print(f"published {path.name} in {folder}/")


if __name__ == "__main__":
    main()
