"""Dispatch's doors and ears: here they come together, and only here and in doors/ nameko is known."""

from __future__ import annotations

from functools import partial

from nameko.timer import timer

from services.dispatch import reactions
from services.dispatch.admissions.doors import AdmissionDoors
from services.dispatch.admissions.pages import BurdenPages
from services.dispatch.campaigns.pages import CampaignPages
from services.dispatch.clocks.doors import ClockDoors
from services.dispatch.clocks.present import Present
from services.dispatch.doors.books import BookDoors
from services.dispatch.doors.disputes import DisputeDoors
from services.dispatch.doors.moves import MoveDoors
from services.dispatch.doors.pool import PoolDoors
from services.dispatch.doors.requests import RequestDoors
from services.dispatch.doors.road import RoadDoors
from services.dispatch.pages import WorkPages
from services.dispatch.remedies import queries as remedies
from services.dispatch.remedies.pages import RemedyPages
from services.dispatch.remedies.reactions import find_root
from services.dispatch.rule_pages import RulePages
from services.dispatch.rulebooks import ProjectedRulebooks, RulebookMemory
from shared.contracts.check import CheckFailed, CheckPassed, SpotCheckFailed
from shared.contracts.envelope import Recorded
from shared.contracts.feedback import FeedbackRecorded
from shared.contracts.report import ReportAccepted, ReportRecurred, ReportSelfHandled
from shared.entrypoints.on import on
from shared.entrypoints.providers import Log, Settings, Tables
from shared.kernel.clock import utc_now
from shared.kernel.errors import WujiError
from shared.telemetry.logs import logger
from shared.telemetry.metrics import REMEDIES_OPEN


class DispatchService(  # one mixin for each kind of thing that has doors
    RoadDoors,
    RequestDoors,
    MoveDoors,
    PoolDoors,
    DisputeDoors,
    BookDoors,
    ClockDoors,
    AdmissionDoors,
    BurdenPages,
    RulePages,
    RemedyPages,
    CampaignPages,
    WorkPages,
):
    """指挥派遣, 处理反馈, 结案归档: from an accepted report to a closed case."""

    name = "dispatch"
    log = Log()
    rows = Tables()
    settings = Settings()
    memory = RulebookMemory()
    present = Present(memory)

    @property
    def rulebooks(self) -> ProjectedRulebooks:
        return self.memory.of(self.rows)

    @on(ReportAccepted)
    def file_report(self, recorded: Recorded[ReportAccepted]) -> None:
        """立案, and 派遣 where the list is automatic."""
        reactions.file_report(recorded, self.log, self.rulebooks, consumer="dispatch.file_report", at=utc_now())

    @on(ReportSelfHandled)
    def file_self_handled(self, recorded: Recorded[ReportSelfHandled]) -> None:
        """就地解决: a case that begins handled."""
        reactions.file_self_handled(
            recorded, self.log, self.rulebooks, consumer="dispatch.file_self_handled", at=utc_now()
        )

    @on(CheckPassed)
    def clear_to_close(self, recorded: Recorded[CheckPassed]) -> None:
        """核查通过."""
        reactions.clear_to_close(recorded, self.log, consumer="dispatch.clear_to_close", at=utc_now())

    @on(CheckFailed)
    def order_rework(self, recorded: Recorded[CheckFailed]) -> None:
        """返工."""
        reactions.order_rework(recorded, self.log, consumer="dispatch.order_rework", at=utc_now())

    @on(FeedbackRecorded)
    def reopen_on_feedback(self, recorded: Recorded[FeedbackRecorded]) -> None:
        """重办, on the reporter's word."""
        reactions.reopen(recorded, self.log, consumer="dispatch.reopen_on_feedback", at=utc_now())

    @on(SpotCheckFailed)
    def reopen_on_spot_check(self, recorded: Recorded[SpotCheckFailed]) -> None:
        """重办, on the inspector's word."""
        reactions.reopen_on_spot_check(recorded, self.log, consumer="dispatch.reopen_on_spot_check", at=utc_now())

    @on(ReportRecurred)
    def find_root(self, recorded: Recorded[ReportRecurred]) -> None:
        """源头治理, for what came back once too often."""
        near, often = partial(remedies.near, self.rows), self.settings.count("WUJI_ROOT_CAUSE_AFTER")
        find_root(recorded, self.log, near, self.rulebooks, often, consumer="dispatch.find_root", at=utc_now())

    @timer(interval=30, eager=True)  # type: ignore[untyped-decorator]  # nameko has no types
    def tell_metrics(self) -> None:
        """Open remedies by kind, and which of them are overdue."""
        try:
            found = remedies.counted(self.rows, utc_now())
        except WujiError as error:
            # Old figures stand until the database is back; the next turn is in a moment.
            logger("dispatch").warning("gauges_not_updated", error=str(error))
            return
        for (kind, is_overdue), n in found.items():
            REMEDIES_OPEN.labels(kind, str(is_overdue).lower()).set(n)
