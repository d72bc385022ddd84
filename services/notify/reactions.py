"""Who hears of which event: each function asks for notices, and nothing else. `delivery.py` sends them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify import domain, queries
from services.notify.domain import Recipient
from shared.contracts.case import CaseDispatched, CaseDispatchRecalled, CaseMerged, CaseRejected
from shared.contracts.envelope import Recorded
from shared.contracts.feedback import FeedbackInvited
from shared.contracts.notice import RecipientKind
from shared.contracts.remedy import RemedyPlanned
from shared.contracts.report import ReportAccepted, ReportAppealed, ReportMerged, ReportRejected, ReportSubmitted
from shared.contracts.subscription import SubscriptionCreated, SubscriptionDisabled
from shared.handling import Cause, begin
from shared.kernel.errors import Conflict, Unavailable
from shared.ports import EventLog, Rows

Channels = dict[RecipientKind, str]
"""Which channel serves whom."""


def tell_accepted(
    recorded: Recorded[ReportAccepted], log: EventLog, rows: Rows, *, channels: Channels, consumer: str, at: datetime
) -> None:
    """The reporter, and everybody who had reported the same, hear that it was accepted."""
    event = recorded.event
    to = [*_reporter(event.report_id, event.subject_id, event.number), *_followers(rows, event.report_id)]
    ask(log, recorded, "report_accepted", to, channels=channels, consumer=consumer, at=at)


def tell_rejected(
    recorded: Recorded[ReportRejected | CaseRejected],
    log: EventLog,
    rows: Rows,
    *,
    channels: Channels,
    consumer: str,
    at: datetime,
) -> None:
    """The reporter, and everybody who had reported the same, hear that it was refused or taken no further, and why."""
    event = recorded.event
    to = everybody_of(log, rows, event.report_id if isinstance(event, ReportRejected) else event.case_id)
    ask(log, recorded, "report_rejected", to, channels=channels, consumer=consumer, at=at)


def tell_appealed(
    recorded: Recorded[ReportAppealed], log: EventLog, *, channels: Channels, consumer: str, at: datetime
) -> None:
    """The reporter who objects to a refusal hears that somebody looks again."""
    report = _submitted(log, recorded.event.report_id)
    to = _reporter(report.report_id, report.subject_id, report.number)
    ask(log, recorded, "report_appealed", to, channels=channels, consumer=consumer, at=at)


def tell_merged(
    recorded: Recorded[ReportMerged | CaseMerged], log: EventLog, *, channels: Channels, consumer: str, at: datetime
) -> None:
    """The reporter of a duplicate hears under which number it goes on; acceptance may long have been told."""
    event = recorded.event
    own = event.report_id if isinstance(event, ReportMerged) else event.case_id
    report, other = _submitted(log, own), _submitted(log, event.into)
    to = _reporter(report.report_id, report.subject_id, report.number, into_number=other.number)
    ask(log, recorded, "report_merged", to, channels=channels, consumer=consumer, at=at)


def tell_closed(
    recorded: Recorded[FeedbackInvited], log: EventLog, rows: Rows, *, channels: Channels, consumer: str, at: datetime
) -> None:
    """The reporter hears what was done and is asked about it; those who reported the same hear what was done."""
    event = recorded.event
    asked = _reporter(event.case_id, event.subject_id, event.number, feedback_id=str(event.feedback_id))
    ask(log, recorded, "case_closed", asked, channels=channels, consumer=consumer, at=at)
    following = _followers(rows, event.case_id)
    ask(log, recorded, "case_closed_follower", following, channels=channels, consumer=consumer, at=at)


def tell_department(
    recorded: Recorded[CaseDispatched], log: EventLog, *, channels: Channels, consumer: str, at: datetime
) -> None:
    """The department that leads, and those that help, hear that the case is theirs; those to be informed, whose."""
    event = recorded.event
    values = {"task_id": str(event.task_id)}
    codes = dict.fromkeys((event.department, *event.co_handlers))
    to = [Recipient(RecipientKind.DEPARTMENT, code, values) for code in codes]
    ask(log, recorded, "case_dispatched", to, channels=channels, consumer=consumer, at=at)
    others = [Recipient(RecipientKind.DEPARTMENT, code, values) for code in event.informed if code not in codes]
    ask(log, recorded, "case_informed", others, channels=channels, consumer=consumer, at=at)


def tell_recalled(
    recorded: Recorded[CaseDispatchRecalled], log: EventLog, *, channels: Channels, consumer: str, at: datetime
) -> None:
    """Everybody who was told that the case is theirs, or given to somebody, hears that it is not."""
    event = recorded.event
    given = (one.event for one in log.stream(recorded.stream) if isinstance(one.event, CaseDispatched))
    informed = next((one.informed for one in given if one.task_id == event.task_id), ())
    codes = dict.fromkeys((event.department, *event.co_handlers, *informed))
    to = [Recipient(RecipientKind.DEPARTMENT, code, {"task_id": str(event.task_id)}) for code in codes]
    ask(log, recorded, "dispatch_recalled", to, channels=channels, consumer=consumer, at=at)


def tell_planned(
    recorded: Recorded[RemedyPlanned], log: EventLog, *, channels: Channels, consumer: str, at: datetime
) -> None:
    """The department hears that something is to be put right by it, unless it took that up itself."""
    event = recorded.event
    if recorded.actor.department == event.department:
        return
    to = [Recipient(RecipientKind.DEPARTMENT, event.department, {"plan": str(event.plan)})]
    ask(log, recorded, "remedy_planned", to, channels=channels, consumer=consumer, at=at)


def tell_disabled(
    recorded: Recorded[SubscriptionDisabled], log: EventLog, *, channels: Channels, consumer: str, at: datetime
) -> None:
    """The department hears, by another way than the webhook, that nothing is brought there any more."""
    history = log.stream(f"subscription-{recorded.event.subscription_id}")
    created = next((one.event for one in history if isinstance(one.event, SubscriptionCreated)), None)
    if created is None or created.department is None:
        return
    values = {"subscription": created.name, "reason": recorded.event.reason}
    to = [Recipient(RecipientKind.DEPARTMENT, created.department, values)]
    ask(log, recorded, "subscription_disabled", to, channels=channels, consumer=consumer, at=at)


def ask(
    log: EventLog,
    recorded: Recorded[Any],
    template: str,
    recipients: Iterable[Recipient],
    *,
    channels: Channels,
    consumer: str,
    at: datetime,
) -> None:
    """Append one notice per recipient; what was asked for before, in part or whole, is not asked for again."""
    reaction = Cause.reaction(consumer, recorded, at)
    for recipient in recipients:
        channel = recipient.channel or channels[recipient.kind]
        asked = domain.request(template, recipient, recorded.correlation_id, recorded.event_id, channel)
        cause = replace(reaction, idempotency_key=f"{reaction.idempotency_key}:{asked.notice_id}")
        # The stream's name is made of the event: if it exists, this notice was asked for under an older queue name.
        with suppress(Conflict):
            begin(
                log,
                f"notice-{asked.notice_id}",
                (asked,),
                cause,
                area=recorded.area,
                correlation_id=recorded.correlation_id,
            )


def everybody_of(log: EventLog, rows: Rows, report_id: UUID) -> list[Recipient]:
    """The reporter, and everybody who had reported the same."""
    report = _submitted(log, report_id)
    return [*_reporter(report.report_id, report.subject_id, report.number), *_followers(rows, report.report_id)]


def _reporter(report_id: UUID, subject_id: UUID | None, number: str, **more: str) -> list[Recipient]:
    """The reporter; nobody when they left no contact."""
    if subject_id is None:
        return []
    return [Recipient(RecipientKind.REPORTER, str(subject_id), {"report_id": str(report_id), "number": number, **more})]


def _followers(rows: Rows, report_id: UUID) -> list[Recipient]:
    found = queries.followers(rows, report_id)
    return [one for who in found for one in _reporter(who.report_id, who.subject_id, who.number)]


def _submitted(log: EventLog, report_id: UUID) -> ReportSubmitted:
    history = log.stream(f"report-{report_id}")
    if not history:
        raise Unavailable(f"report {report_id} is not in the log yet")
    first: ReportSubmitted = history[0].event
    return first
