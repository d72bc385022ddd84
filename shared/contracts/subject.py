"""Stream `subject-<id>`, written by intake: a person of whom we hold sealed words and contact."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.catalogue import event


@event("subject.erased", "subject")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectErased:
    """The person's key was destroyed: contact and original words are gone for good, the counts stay."""

    subject_id: UUID
    reason: str
