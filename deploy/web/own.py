"""Our own style sheets and scripts, beside the vendored ones, under names that change with the content."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

from deploy.local.places import PROJECT
from deploy.local.words import say
from shared.kernel.errors import Unavailable
from shared.pages.assets import BUILT, MANIFEST, digest_of, served_name

STATIC = BUILT / "static"
"""What nginx serves at /static/."""


def build() -> Path:
    """Lay out /static/ anew and write down what is called what; quick, needs no npm. Raises Unavailable when the
    vendored files were never brought."""
    if not (BUILT / "vendor.json").exists():
        raise Unavailable(
            say("还没有页面所需的文件", "the files for the pages were never brought") + ": python -m deploy.web.vendor"
        )
    names: dict[str, dict[str, str]] = {}
    for name, path in {**_vendored(), **_ours()}.items():
        sha = digest_of(path)
        target = STATIC / served_name(name, sha)
        packed = Path(f"{target}.gz")
        if not (target.exists() and packed.exists()):
            target.parent.mkdir(parents=True, exist_ok=True)
            # nginx sends the packed copy to whoever can read it.
            packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
            shutil.copy(path, target)
        names[name] = {"path": f"/static/{served_name(name, sha)}", "integrity": f"sha384-{sha}"}
    text = json.dumps(names, indent=1)
    if not MANIFEST.exists() or MANIFEST.read_text() != text:
        MANIFEST.write_text(text)
    _forget({one["path"].removeprefix("/static/") for one in names.values()})
    return STATIC


def _vendored() -> dict[str, Path]:
    return {f"vendor/{path.name}": path for path in sorted((BUILT / "vendor").iterdir())}


def _ours() -> dict[str, Path]:
    """`app.css` is everybody's; `grid/map.js` is the map of grid's pages."""
    shared = PROJECT / "shared" / "pages" / "static"
    found = {path.name: path for path in sorted(shared.iterdir()) if path.is_file()}
    for folder in sorted((PROJECT / "services").glob("*/pages/static")):
        found |= {f"{folder.parts[-3]}/{path.name}": path for path in sorted(folder.iterdir()) if path.is_file()}
    return found


def _forget(kept: set[str]) -> None:
    """Files of an older build: nobody asks for them once every process reads the new list."""
    for path in STATIC.rglob("*"):
        if path.is_file() and str(path.relative_to(STATIC)).removesuffix(".gz") not in kept:
            path.unlink()
