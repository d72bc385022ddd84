"""Notify's doors and ears: events become notices, notices become messages, operators see what became of both."""

from __future__ import annotations

from nameko.timer import timer

from services.notify import channels, delivery, queries, reactions, reminders, waiting
from services.notify.catalogue import CatalogueDoors
from services.notify.delivery import Post
from services.notify.domain import INBOX
from services.notify.ears import CallingEars, channels_of
from services.notify.handbook.doors import HandbookPages
from services.notify.inbox.doors import InboxPages
from services.notify.operations.doors import OperationsPages
from services.notify.operations.parked_doors import ParkedPages
from services.notify.operations.subscription_doors import SubscriptionPages
from services.notify.people import ProjectedDirectory
from services.notify.schemas import NoticesAnswer, NoticesQuery, OutboxAnswer, OutboxQuery
from services.notify.subscriptions.doors import SubscriptionDoors
from services.notify.subscriptions.feed import FeedDoors
from services.notify.subscriptions.parked_doors import ParkedDoors
from services.notify.subscriptions.replay_doors import ReplayDoors
from services.notify.subscriptions.trial_doors import TrialDoors
from services.notify.subscriptions.webhook_doors import WebhookDoors
from services.notify.writing import writer_of
from shared.config import Config
from shared.contracts.case import CaseDispatched, CaseDispatchRecalled, CaseMerged, CaseRejected
from shared.contracts.clock import ClockWarned, EscalationRaised
from shared.contracts.envelope import Recorded
from shared.contracts.feedback import FeedbackInvited
from shared.contracts.notice import NoticeRequested
from shared.contracts.report import ReportAccepted, ReportAppealed, ReportMerged, ReportRejected
from shared.contracts.subscription import SubscriptionDisabled
from shared.entrypoints.on import on
from shared.entrypoints.providers import IsLastTry, Log, Settings, Tables
from shared.kernel.clock import utc_now
from shared.kernel.errors import WujiError
from shared.ports import Rows
from shared.security.permission import require
from shared.telemetry.logs import logger
from shared.web.door import Call, Reply, door


class NotifyService(  # one mixin for each kind of thing that has doors or ears
    CallingEars,
    SubscriptionDoors,
    FeedDoors,
    ReplayDoors,
    WebhookDoors,
    ParkedDoors,
    TrialDoors,
    CatalogueDoors,
    HandbookPages,
    InboxPages,
    OperationsPages,
    ParkedPages,
    SubscriptionPages,
):
    """通知: the reporter at acceptance, closing and refusal, the department at dispatch."""

    name = "notify"
    log = Log()
    rows = Tables()
    settings = Settings()
    is_last_try = IsLastTry()

    @on(ReportAccepted)
    def tell_accepted(self, recorded: Recorded[ReportAccepted]) -> None:
        """受理: the reporter hears."""
        served = channels_of(self.settings)
        reactions.tell_accepted(
            recorded, self.log, self.rows, channels=served, consumer="notify.tell_accepted", at=utc_now()
        )

    @on(ReportRejected, CaseRejected)
    def tell_rejected(self, recorded: Recorded[ReportRejected | CaseRejected]) -> None:
        """不予受理, 作废: the reporter hears why."""
        served = channels_of(self.settings)
        reactions.tell_rejected(
            recorded, self.log, self.rows, channels=served, consumer="notify.tell_rejected", at=utc_now()
        )

    @on(ReportAppealed)
    def tell_appealed(self, recorded: Recorded[ReportAppealed]) -> None:
        """申诉: the reporter hears that somebody looks again."""
        served = channels_of(self.settings)
        reactions.tell_appealed(recorded, self.log, channels=served, consumer="notify.tell_appealed", at=utc_now())

    @on(ReportMerged, CaseMerged)
    def tell_merged(self, recorded: Recorded[ReportMerged | CaseMerged]) -> None:
        """并案: the reporter hears under which number it goes on."""
        served = channels_of(self.settings)
        reactions.tell_merged(recorded, self.log, channels=served, consumer="notify.tell_merged", at=utc_now())

    @on(FeedbackInvited)
    def tell_closed(self, recorded: Recorded[FeedbackInvited]) -> None:
        """结案: the reporter hears what was done, and is asked."""
        served = channels_of(self.settings)
        reactions.tell_closed(
            recorded, self.log, self.rows, channels=served, consumer="notify.tell_closed", at=utc_now()
        )

    @on(CaseDispatched)
    def tell_department(self, recorded: Recorded[CaseDispatched]) -> None:
        """派遣: the department hears."""
        served = channels_of(self.settings)
        reactions.tell_department(recorded, self.log, channels=served, consumer="notify.tell_department", at=utc_now())

    @on(CaseDispatchRecalled)
    def tell_recalled(self, recorded: Recorded[CaseDispatchRecalled]) -> None:
        """撤回派遣: the department hears that it need not do anything."""
        served = channels_of(self.settings)
        reactions.tell_recalled(recorded, self.log, channels=served, consumer="notify.tell_recalled", at=utc_now())

    @on(ClockWarned)
    def tell_warned(self, recorded: Recorded[ClockWarned]) -> None:
        """预警: the department hears."""
        served = channels_of(self.settings)
        reminders.tell_warned(recorded, self.log, channels=served, consumer="notify.tell_warned", at=utc_now())

    @on(EscalationRaised)
    def tell_escalated(self, recorded: Recorded[EscalationRaised]) -> None:
        """催办、督办、提级督办: whoever is called upon hears."""
        served = channels_of(self.settings)
        book = ProjectedDirectory(self.rows)
        reminders.tell_escalated(
            recorded, self.log, book, channels=served, consumer="notify.tell_escalated", at=utc_now()
        )

    @on(SubscriptionDisabled)
    def tell_disabled(self, recorded: Recorded[SubscriptionDisabled]) -> None:
        """停用: the subscription's department hears why nothing comes any more."""
        served = channels_of(self.settings)
        reactions.tell_disabled(recorded, self.log, channels=served, consumer="notify.tell_disabled", at=utc_now())

    @on(NoticeRequested)
    def deliver(self, recorded: Recorded[NoticeRequested]) -> None:
        """One message to one recipient."""
        delivery.deliver(recorded, self._post(), is_last_try=self.is_last_try)

    @timer(interval=20, eager=True)  # type: ignore[untyped-decorator]  # nameko has no types
    def send_what_waited(self) -> None:
        """Letters that nobody was there to read, when somebody is."""
        try:
            waiting.send_due(self._post(), utc_now())
        except WujiError as error:
            # Nothing is lost: what is due stays due, and the next turn is in a moment.
            logger("notify").warning("waiting_notices_interrupted", error=str(error))

    @door(
        "GET",
        "/api/v1/notices",
        summary="What became of the notices",
        query=NoticesQuery,
        answer=NoticesAnswer,
        roles=("operator", "acceptor", "duty_chief", "reader"),
    )
    def notices(self, call: Call) -> Reply:
        """Newest first, in the asker's area or a part of it, with attempts and the last error."""
        area = call.query["area"] or call.signed_in.area
        if area is not None:
            require(call.asker, area)
        limit: int = call.query["limit"]
        found = queries.notices(
            self.rows,
            area=area,
            about=call.query["about"],
            state=call.query["state"],
            before=call.query["before"],
            limit=limit + 1,
        )
        page = found[:limit]
        return Reply({"notices": page, "next": page[-1]["notice_id"] if len(found) > limit else None})

    @door(
        "GET",
        "/api/v1/outbox",
        summary="Captured messages",
        query=OutboxQuery,
        answer=OutboxAnswer,
        roles=("operator",),
    )
    def outbox(self, call: Call) -> Reply:
        """What the outbox channel kept instead of sending it, newest first. Links in it work."""
        return Reply({"messages": queries.outbox(self.rows, call.query["about"], call.query["limit"])})

    def _post(self) -> Post:
        config = self.settings
        return Post(
            log=self.log,
            rows=self.rows,
            writer=writer_of(config, str(config.need("WUJI_NOTIFY_LANGUAGE"))),
            channels=_ways_out(config, self.rows),
            clock=utc_now,
            consumer="notify.deliver",
        )


def _ways_out(config: Config, rows: Rows) -> dict[str, channels.Channel]:
    """Every channel that is in use, and the outbox, for notices that were asked for when it was."""
    names = {"outbox", INBOX, *channels_of(config).values()}
    return {name: channels.channel(name, config, rows) for name in names}
