"""Stream `admission-<id>`, written by dispatch: what a department may ask of communities 社区工作准入."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event


class DemandKind(StrEnum):
    """What a department may want of a community: work, a standing record, a form to fill in, people at a meeting."""

    TASK = "task"
    REPORT = "report"
    FORM = "form"
    MEETING = "meeting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form or standing record (台账、报表) that communities are to keep or fill in."""

    form: str
    """Its name, by which a demand asks for it."""
    fields: tuple[str, ...]
    """What is to be filled in, field by field: each is counted as burden every time it is asked for."""


@event("admission.drafted", "admission", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionDrafted:
    """A department writes down what it wants of communities (拟稿); until it applies, its latest draft counts."""

    admission_id: UUID
    department: str
    matter: str
    """What it is about, in a line."""
    legal_basis: str
    """The law, rule or decision that makes it the communities' work at all."""
    scope: tuple[str, ...]
    """Paths: it is wanted of every community in one of these areas."""
    kinds: tuple[DemandKind, ...]
    """What it will ask for; nothing else may be asked under it."""
    valid_from: datetime
    valid_until: datetime
    """The first instant at which it holds no more."""
    forms: tuple[Form, ...]
    funding: str
    """The money that goes along with the work (费随事转), in words."""
    headcount: int
    """How many people of each community it takes."""
    already_known: str | None
    """What is on record already, and why that does not do; asked of whoever wants forms."""


@event("admission.applied", "admission", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionApplied:
    """The department applies (申请): the draft stands as it is from now on."""

    admission_id: UUID
    department: str
    decide_by: datetime
    """Until when it is to be decided."""
    due_because: str
    is_short_notice: bool
    """It is to begin sooner than the lead time allows; whoever approves it must say why."""


@event("admission.review_started", "admission", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionReviewStarted:
    """Somebody who may decide has taken it up (审核)."""

    admission_id: UUID


@event("admission.approved", "admission", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionApproved:
    """It may be asked (准入): in force inside the approved period, in the approved places, and nowhere else."""

    admission_id: UUID
    department: str
    matter: str
    scope: tuple[str, ...]
    """The places that were approved, which may be fewer than were wanted."""
    kinds: tuple[DemandKind, ...]
    valid_from: datetime
    valid_until: datetime
    reason: str | None
    """Conditions, or why on short notice."""


@event("admission.rejected", "admission", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRejected:
    """It may not be asked (不予准入)."""

    admission_id: UUID
    reason: str


@event("admission.suspended", "admission", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionSuspended:
    """Nothing new may be asked under it for now (暂停)."""

    admission_id: UUID
    reason: str


@event("admission.resumed", "admission", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionResumed:
    """It holds again, inside its period (恢复)."""

    admission_id: UUID
    reason: str


@event("admission.revoked", "admission", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRevoked:
    """It is taken back for good (撤销)."""

    admission_id: UUID
    reason: str


@event("admission.expired", "admission", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionExpired:
    """Its period is over (到期): said when somebody first looks after the end, and true from the end on."""

    admission_id: UUID
    valid_until: datetime
