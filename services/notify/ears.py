"""Ears of notify for what a command centre has to see to: each event to the function that knows whom it concerns."""

from __future__ import annotations

from typing import Any

from services.notify import callings, reactions, sponsors
from services.notify.callings import Office
from services.notify.hours import ProjectedHours
from services.notify.people import ProjectedDirectory
from services.notify.reactions import Channels
from services.notify.room import Room
from shared.config import Config
from shared.contracts.case import CaseLevelRaised, CaseProblemDeclared, CaseReworkOrdered, WhistleBlown
from shared.contracts.check import CheckAssigned
from shared.contracts.duty import DutyGapFound, DutyGivenBack, DutySilent, DutyTakenOver
from shared.contracts.envelope import Recorded
from shared.contracts.notice import RecipientKind
from shared.contracts.remedy import RemedyPlanned
from shared.contracts.task import DisputeOpened, TaskAdded
from shared.contracts.visit import VisitReplyOverdue
from shared.entrypoints.on import on
from shared.kernel.clock import utc_now


class CallingEars(Room):
    """Desks, visits, cases in trouble, work assigned."""

    @on(DutyGapFound, DutySilent, DutyTakenOver, DutyGivenBack)
    def tell_duty(self, recorded: Recorded[callings.Duty]) -> None:
        """空岗、失联、接管、交还: the chiefs of the centres concerned."""
        callings.tell_duty(recorded, self._office(), consumer="notify.tell_duty", at=utc_now())

    @on(VisitReplyOverdue)
    def tell_visit_overdue(self, recorded: Recorded[VisitReplyOverdue]) -> None:
        """逾期未回: who was at the door, and the community."""
        callings.tell_visit_overdue(recorded, self._office(), consumer="notify.tell_visit_overdue", at=utc_now())

    @on(CaseProblemDeclared)
    def tell_problem(self, recorded: Recorded[CaseProblemDeclared]) -> None:
        """问题工单: who watches over it."""
        callings.tell_problem(recorded, self._office(), consumer="notify.tell_problem", at=utc_now())

    @on(DisputeOpened)
    def tell_dispute(self, recorded: Recorded[DisputeOpened]) -> None:
        """权责争议: who decides, and between whom."""
        callings.tell_dispute(recorded, self._office(), consumer="notify.tell_dispute", at=utc_now())

    @on(WhistleBlown)
    def tell_whistle(self, recorded: Recorded[WhistleBlown]) -> None:
        """吹哨: who is summoned."""
        callings.tell_whistle(recorded, self._office(), consumer="notify.tell_whistle", at=utc_now())

    @on(TaskAdded)
    def tell_task(self, recorded: Recorded[TaskAdded]) -> None:
        """拆分: who gets a part."""
        callings.tell_task(recorded, self._office(), consumer="notify.tell_task", at=utc_now())

    @on(CaseReworkOrdered)
    def tell_rework(self, recorded: Recorded[CaseReworkOrdered]) -> None:
        """返工: who goes again."""
        callings.tell_rework(recorded, self._office(), consumer="notify.tell_rework", at=utc_now())

    @on(CheckAssigned)
    def tell_checker(self, recorded: Recorded[CheckAssigned]) -> None:
        """核查: who is to look."""
        callings.tell_checker(recorded, self._office(), consumer="notify.tell_checker", at=utc_now())

    @on(RemedyPlanned)
    def tell_planned(self, recorded: Recorded[RemedyPlanned]) -> None:
        """整改方案: who has to put it right."""
        served = channels_of(self.settings)
        reactions.tell_planned(recorded, self.log, channels=served, consumer="notify.tell_planned", at=utc_now())

    @on(*sponsors.STEPS)
    def tell_sponsor(self, recorded: Recorded[Any]) -> None:
        """社区代言: the community that sent the case up, at every step."""
        sponsors.tell_sponsor(recorded, self._office(), consumer="notify.tell_sponsor", at=utc_now())

    @on(CaseLevelRaised)
    def tell_raised(self, recorded: Recorded[CaseLevelRaised]) -> None:
        """升级: the reporter."""
        served = channels_of(self.settings)
        sponsors.tell_raised(
            recorded, self.log, self.rows, channels=served, consumer="notify.tell_raised", at=utc_now()
        )

    def _office(self) -> Office:
        served = channels_of(self.settings)
        return Office(self.log, ProjectedDirectory(self.rows), ProjectedHours(self.rows), served)


def channels_of(config: Config) -> Channels:
    """Which channel serves whom."""
    everybody = str(config.need("WUJI_NOTIFY_CHANNEL"))
    staff = str(config.get("WUJI_NOTIFY_DEPARTMENT_CHANNEL") or everybody)
    return {RecipientKind.REPORTER: everybody} | dict.fromkeys(
        (RecipientKind.POST, RecipientKind.DEPARTMENT, RecipientKind.PERSON), staff
    )
