"""Environment files: NAME='value' lines, readable for a shell, for systemd and for us."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def as_text(values: Mapping[str, str]) -> str:
    """The file's text, sorted by name."""
    return "".join(f"{name}='{value}'\n" for name, value in sorted(values.items()))


def read(path: str | Path) -> dict[str, str]:
    """The variables of a file; lines that are empty or begin with # are passed over."""
    values: dict[str, str] = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
            values[name.removeprefix("export ").strip()] = value[1:-1] if quoted else value
    return values
