"""The rules of intake: how an issue is told, and what may become of a report."""

from services.intake.domain.report import (
    Report,
    ReportEvent,
    accept,
    appeal,
    evolve,
    merge,
    reject,
    request_verification,
    self_handle,
    unmerge,
    verify,
)
from services.intake.domain.telling import (
    CIVIL_TIME,
    Shown,
    Told,
    civil_day,
    external_report_id,
    is_personal,
    shown,
    submit,
    tracking_number,
)

__all__ = [
    "CIVIL_TIME",
    "Report",
    "ReportEvent",
    "Shown",
    "Told",
    "accept",
    "appeal",
    "civil_day",
    "evolve",
    "external_report_id",
    "is_personal",
    "merge",
    "reject",
    "request_verification",
    "self_handle",
    "shown",
    "submit",
    "tracking_number",
    "unmerge",
    "verify",
]
