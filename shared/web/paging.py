"""Where a page of a list ended, as a text that the next request sends back: an instant (or none) and an id."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from shared.kernel.errors import Invalid

_NONE = "none"


def place(instant: datetime | None, row: UUID | str) -> str:
    """The place of the last row of a page."""
    return f"{_NONE if instant is None else instant.astimezone(UTC).isoformat()}|{row}"


def read_place(text: str) -> tuple[datetime | None, UUID]:
    """What `place` said. Raises Invalid for anything else."""
    instant, _, row = text.partition("|")
    try:
        found = None if instant == _NONE else datetime.fromisoformat(instant)
        if found is not None:
            if found.tzinfo is None:
                raise ValueError("no zone")
            found = found.astimezone(UTC)
        return found, UUID(row)
    except (ValueError, OverflowError) as error:
        raise Invalid("this is no place in the list", where="after", hint="send what `next_after` said") from error
