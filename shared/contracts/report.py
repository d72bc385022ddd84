"""Stream `report-<id>`, written by intake: somebody tells of an issue, up to the moment it is accepted or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event
from shared.contracts.shapes import Internal, Point


class Source(StrEnum):
    """Through which door a report came."""

    RESIDENT = "resident"
    GRID_WORKER = "grid_worker"
    HOTLINE = "hotline"
    WINDOW = "window"
    MEDIA = "media"
    SUPERIOR = "superior"
    DEVICE = "device"


class Urgency(StrEnum):
    """一般, 紧急, 特急."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


@event("report.submitted", "report", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSubmitted:
    """Somebody told of an issue (采集上报). The words are masked; the original is sealed under the subject."""

    report_id: UUID
    number: str
    """The tracking number that people quote: date, district, sequence."""
    source: Source
    subject_id: Internal[UUID | None]
    """Whose contact and original words are sealed; None when nobody left any."""
    issue_type: str
    urgency: Urgency
    title: str
    words: str
    place: str | None
    """The place in words, as told."""
    point: Point | None
    external_number: str | None
    """The number that another system knows it by."""
    photos: tuple[str, ...] = ()
    """References to what the reporter took."""
    openly: bool = False
    """Whether neighbours may see what it is about and how far it is; never who told."""


@event("report.verification_requested", "report", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportVerificationRequested:
    """Somebody is asked to look on site before the report is accepted (核实)."""

    report_id: UUID
    assignee: str | None = None
    """The account that is asked; without one it is whoever serves the place."""


@event("report.verified", "report", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportVerified:
    """Somebody was on site, and says whether the issue is there."""

    report_id: UUID
    found: bool
    findings: str
    photos: tuple[str, ...] = ()
    """References to what was seen."""


@event("report.accepted", "report", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAccepted:
    """The report becomes a case. Carries what dispatch needs, so that nobody has to ask back."""

    report_id: UUID
    number: str
    source: Source
    subject_id: Internal[UUID | None]
    issue_type: str
    urgency: Urgency
    title: str
    words: str
    place: str | None
    point: Point | None
    reported_at: datetime


@event("report.self_handled", "report", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSelfHandled:
    """Whoever found it put it right at once (就地解决). Carries what dispatch needs, so that nobody has to ask back."""

    report_id: UUID
    number: str
    source: Source
    subject_id: Internal[UUID | None]
    issue_type: str
    urgency: Urgency
    title: str
    words: str
    place: str | None
    point: Point | None
    reported_at: datetime
    answer: str
    """What was done."""
    before: tuple[str, ...]
    """References to photos of how it was."""
    after: tuple[str, ...]
    """References to photos of how it is now."""


@event("report.appealed", "report", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAppealed:
    """The reporter does not accept the refusal (申诉): somebody looks at it again, once."""

    report_id: UUID
    reason: str


@event("report.rejected", "report", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRejected:
    """The report is not accepted (不予受理): a reason is always given, and the reporter is told."""

    report_id: UUID
    reason_code: str
    reason: str


@event("report.merged", "report", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportMerged:
    """The report is a duplicate of an earlier one (并案); its reporter stays and hears of that one's progress."""

    report_id: UUID
    into: UUID


@event("report.unmerged", "report", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUnmerged:
    """A merge was a mistake: the report stands on its own again."""

    report_id: UUID
    out_of: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """One report that told of the same before."""

    report_id: UUID
    number: str
    closed_at: datetime


@event("report.recurred", "report", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRecurred:
    """The same kind of issue in the same place, not long after it was closed (复发): what was mended did not last."""

    report_id: UUID
    number: str
    issue_type: str
    place: str | None
    point: Point | None
    reported_at: datetime
    within_days: int
    """How far back was looked."""
    times: int
    """How often it has come back within those days, this time included."""
    earlier: tuple[Earlier, ...]
    """Those that were closed within those days, the latest first."""
    series: UUID
    """The report with which it began: the same for everything that came back from there on."""
