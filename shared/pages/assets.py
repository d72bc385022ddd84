"""Where a page's style sheets, scripts and icons are: names that change with their content, and their hashes.

The folder `built` is made by `python -m deploy.web.vendor`; it is not in the repository.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from shared.kernel.errors import Unavailable

BUILT = Path(__file__).parent / "built"
MANIFEST = BUILT / "manifest.json"
_HINT = "run python -m deploy.web.vendor"


def digest_of(path: Path) -> str:
    """The sha384 of a file, as browsers want to see it."""
    return b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def served_name(name: str, sha384: str) -> str:
    """`app.css` → `app.1a2b3c4d5e.css`."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(sha384.encode()).hexdigest()[:10]}.{ending}"


def asset(name: str) -> dict[str, str]:
    """`path` and `integrity` of a file by the name that templates know. Raises Unavailable when it is not there."""
    found = _manifest(_age(MANIFEST)).get(name)
    if found is None:
        raise Unavailable(f"there is no static file {name}: {_HINT}")
    return found


def icon(name: str, label: str | None = None, classes: str = "") -> Markup:
    """An icon, drawn in the colour of the text around it. Without a label it is an ornament, and not read out."""
    drawing = _icons(_age(BUILT / "icons.json")).get(name)
    if drawing is None:
        raise Unavailable(f"there is no icon {name}: {_HINT}", where="shared/pages/vendor.toml")
    look = (
        'fill="currentColor"'
        if name.endswith("-filled")
        else ('fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"')
    )
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon {}" viewBox="0 0 24 24" {} {}>{}</svg>').format(
        classes, Markup(look), said, Markup(drawing)
    )


def vendored() -> dict[str, dict[str, str]]:
    """What was taken from npm: name → package, version, licence, sha384."""
    found: dict[str, dict[str, str]] = json.loads(_read(BUILT / "vendor.json"))
    return found


def _age(path: Path) -> int:
    """Changes when the file does, so that a new build is seen without a restart."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=2)
def _manifest(_version: int) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(_read(MANIFEST))
    return found


@lru_cache(maxsize=2)
def _icons(_version: int) -> dict[str, str]:
    found: dict[str, str] = json.loads(_read(BUILT / "icons.json"))
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unavailable(f"the pages' {path.name} is missing: {_HINT}") from error
