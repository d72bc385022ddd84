"""Rows that cannot come in, with the reason, in a file of the same kind: correct it there and import it again."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import IO, Any

import orjson

from deploy.imports.reading import Row


class Reject(Exception):
    """This one row cannot come in; the text says why."""


class Rejects:
    """Writes `<file>.rejects.csv` (or .jsonl) as soon as there is something to write; counts the reasons."""

    def __init__(self, source: Path, form: str) -> None:
        self.path = source.with_name(f"{source.name}.rejects.{'jsonl' if form == 'jsonl' else 'csv'}")
        self.count = 0
        self.reasons: Counter[str] = Counter()
        self._file: IO[str] | None = None
        self._table: Any = None

    def add(self, row: Row, reason: str) -> None:
        """Write one row down."""
        self.count += 1
        self.reasons[reason] += 1
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            if self.path.suffix == ".csv":
                self._table = csv.writer(self._file)
                self._table.writerow(["line", "reason", *row.values])
        if self._table is not None:
            self._table.writerow([row.line, reason, *row.values.values()])
        else:
            written = orjson.dumps({"line": row.line, "reason": reason, **row.values}).decode()
            self._file.write(written + "\n")

    def close(self) -> None:
        """Finish the file; one that an earlier run left is taken away when nothing was rejected this time."""
        if self._file is not None:
            self._file.close()
        else:
            self.path.unlink(missing_ok=True)
