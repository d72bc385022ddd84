"""From events to rows: ordered, batched, and rebuildable at any time.

A service says *what* its rows are (`Projection` in its `projections.py`); this package says *when* they are written.

    projection.py   the words: Projection, Batch, Cursor
    rows.py         reading and writing many rows in one statement
    watermarks.py   where each projection stands, and which events it could not take
    progress.py     one projection going forward over a run of events; a poisoned event is isolated
    runner.py       all projections together, fed by the bus, or by the log when the bus missed something
    process.py      the process: `wuji projector`
    rebuild.py      the same rows once more, beside the live ones, then one switch
    verify.py       rebuilt apart and compared row by row
"""

from __future__ import annotations

from shared.projections.projection import Batch, Cursor, Projection, tables_of
from shared.projections.rows import copy, said, select, upsert

__all__ = ["Batch", "Cursor", "Projection", "copy", "said", "select", "tables_of", "upsert"]
