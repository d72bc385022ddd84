"""The sealed rows: what a reporter left that no event may carry. Written with the events, opened with a reason."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.intake.domain import Told
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.ports import Companion, Rows
from shared.security.permission import Asker
from shared.security.sealing import Sealer

CONTACT = "contact"
WORDS = "words"

_SEAL = """
INSERT INTO intake.subjects (subject_id, report_id, area, wrapped_key, contact, words, created_at)
VALUES %s ON CONFLICT (subject_id) DO NOTHING
"""
_DESTROY = """
INSERT INTO intake.subjects (subject_id, report_id, area, created_at, erased_at)
VALUES %s ON CONFLICT (subject_id) DO UPDATE
SET wrapped_key = NULL, contact = NULL, words = NULL, erased_at = excluded.erased_at
"""


def seal(sealer: Sealer, told: Told, subject_id: UUID, report_id: UUID, at: datetime) -> Companion:
    """The row with the reporter's contact and original words, each sealed on its own: who may read one need not read
    the other."""
    box = sealer.new_box(subject_id)
    contact = {"name": told.name, "phone": told.phone, "email": told.email}
    words = {"title": told.title, "words": told.words, "place": told.place}
    return Companion(
        _SEAL,
        (
            str(subject_id),
            str(report_id),
            told.area.path,
            box.wrapped_key,
            box.seal(CONTACT, {name: said for name, said in contact.items() if said}),
            box.seal(WORDS, {name: said for name, said in words.items() if said}),
            at,
        ),
    )


def destroying(subject_id: UUID, report_id: UUID, area: Area, at: datetime) -> Companion:
    """The row that takes the key and everything it sealed away."""
    return Companion(_DESTROY, (str(subject_id), str(report_id), area.path, at, at))


def whereabouts(rows: Rows, subject_id: UUID) -> tuple[UUID, Area]:
    """The report that the subject left, and its area. Raises NotFound."""
    found = rows.query("SELECT report_id, area FROM intake.subjects WHERE subject_id = %s", [str(subject_id)])
    if not found:
        raise NotFound(f"there is no subject {subject_id}")
    return UUID(str(found[0]["report_id"])), Area(found[0]["area"])


def original_words(rows: Rows, sealer: Sealer, subject_id: UUID, asker: Asker, at: datetime) -> dict[str, str]:
    """What the reporter said and who they are, in clear; the reading itself is recorded first.

    Raises NotFound when the person was erased: nobody can read it any more, the city included.
    """
    touched = rows.execute(
        """
        INSERT INTO intake.accesses (subject_id, read_by, role, purpose, read_at)
        SELECT subject_id, %(by)s, %(role)s, 'words', %(at)s FROM intake.subjects
        WHERE subject_id = %(subject)s AND erased_at IS NULL
        """,
        {"subject": str(subject_id), "by": asker.id, "role": asker.role, "at": at},
    )
    if not touched:
        raise NotFound("these words were erased", hint="the report itself and its masked words remain")
    key = [str(subject_id)]
    found = rows.query("SELECT wrapped_key, contact, words FROM intake.subjects WHERE subject_id = %s", key)
    if found[0]["wrapped_key"] is None:
        raise NotFound("these words were erased")
    box = sealer.box(subject_id, bytes(found[0]["wrapped_key"]))
    return box.open(CONTACT, bytes(found[0]["contact"])) | box.open(WORDS, bytes(found[0]["words"]))
