"""A small city for tests of dispatch and survey: its rulebook, its people, and a case brought to any state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.dispatch import handlers, reactions
from services.dispatch.domain import extensions, returns, suspensions
from services.dispatch.domain.answers import Answer
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import evolve
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.case import Loop, ReturnKind
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.check import CheckFailed, CheckPassed
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.contracts.report import ReportAccepted, ReportSelfHandled, Source, Urgency
from shared.contracts.rulebook import DepartmentRegistered, IssueTypeDefined, ResponsibilityAssigned, SamplingDefined
from shared.contracts.shapes import Limit, Unit
from shared.handling import Cause, fold
from shared.kernel.area import Area
from shared.kernel.errors import Unavailable
from shared.kernel.ids import derived_id, new_id
from shared.ports import Append, Appended
from shared.security.permission import Asker
from tests.support.calendars import YEAR_2026
from tests.support.memory import MemoryLog

DISTRICT = Area.parse("530103")
STREET = Area.parse("530103.004")
COMMUNITY = Area.parse("530103.004.012")
ELSEWHERE = Area.parse("530102")

THURSDAY = datetime(2026, 11, 26, 15, 40, tzinfo=ZoneInfo("Asia/Shanghai"))

DISPATCHER = Asker("d.chen", "dispatcher", DISTRICT)
OTHER_DISPATCHER = Asker("d.wu", "dispatcher", DISTRICT)
SANITATION = Asker("s.li", "department", DISTRICT, "sanitation")
URBAN = Asker("u.he", "department", DISTRICT, "urban")
CHIEF = Asker("c.zhao", "duty_chief", DISTRICT)
SUPERVISOR = Asker("v.qian", "supervisor", STREET)
STRANGER = Asker("x.sun", "dispatcher", ELSEWHERE)


def department(code: str, name: str) -> DepartmentRegistered:
    return DepartmentRegistered(code=code, name=name, name_en=code.title(), contact=f"{code}@example.gov.cn")


def issue_type(code: str, name: str, limit: Limit | None) -> IssueTypeDefined:
    return IssueTypeDefined(
        code=code,
        group=code.rpartition("-")[0],
        name=name,
        name_en=name,
        loop=Loop.STREET,
        limit=limit,
        needs_verification=False,
        keywords=(),
    )


def line(rule: str, kind: str, area: str, whose: str, **options: object) -> ResponsibilityAssigned:
    given = {"co_handlers": (), "limit": None, "automatic": True, **options}
    return ResponsibilityAssigned(rule=rule, issue_type=kind, area=area, department=whose, **given)  # type: ignore[arg-type]


LINES = (
    department("sanitation", "环卫站"),
    department("urban", "城市管理局"),
    department("water", "水务局"),
    issue_type("E-01-02", "暴露垃圾", Limit(5, Unit.WORKING_HOURS)),
    issue_type("E-01-05", "水域不洁", Limit(15, Unit.WORKING_DAYS)),
    issue_type("E-04-03", "燃气管道破裂", Limit(2, Unit.URGENT_HOURS)),
    issue_type("E-09-01", "其他", None),
    line("garbage", "E-01", "530103", "sanitation"),
    line("water", "E-01-05", "530103", "water", co_handlers=("urban",), automatic=False),
    line("gas", "E-04", "530103", "urban"),
    YEAR_2026,
)

RULEBOOK = Rulebook.of(LINES)


@dataclass(slots=True)
class FixedRulebooks:
    """Rulebooks that stand still: the one in hand, and one that only those see who ask for a later position."""

    now: Rulebook | None = RULEBOOK
    later: Rulebook | None = None
    asked: list[int] = field(default_factory=list)

    def current(self, at: datetime) -> Rulebook:  # noqa: ARG002  # it stands still
        if self.now is None:
            raise Unavailable("the rulebook has not been projected yet")
        return self.now

    def as_of(self, position: int, at: datetime) -> Rulebook:
        self.asked.append(position)
        return self.later or self.current(at)


def recorded(
    event: object, *, area: Area = COMMUNITY, actor: Actor | None = None, position: int = 1
) -> Recorded[object]:
    """An event of another service, as a reaction hears it."""
    correlation = getattr(event, "case_id", None) or getattr(event, "report_id", None) or new_id()
    return Recorded(
        event=event,
        event_id=new_id(),
        stream=f"{OF_SHAPE[type(event)].category}-{new_id()}",
        version=1,
        position=position,
        type=OF_SHAPE[type(event)].name,
        area=area,
        actor=actor or Actor("somebody", "supervisor"),
        correlation_id=correlation,
        causation_id=None,
        origin=Origin.LIVE,
        occurred_at=THURSDAY,
        recorded_at=THURSDAY,
    )


def accepted(kind: str = "E-01-02", report_id: UUID | None = None) -> ReportAccepted:
    return ReportAccepted(
        report_id=report_id or new_id(),
        number="20261126530103000017",
        source=Source.RESIDENT,
        subject_id=derived_id("subject", kind),
        issue_type=kind,
        urgency=Urgency.NORMAL,
        title="文艺路口垃圾堆了三天",
        words="垃圾桶三天没有清运。",
        place="文艺路 12 号门前",
        point=None,
        reported_at=THURSDAY - timedelta(hours=1),
    )


def cause(asker: Asker, at: datetime = THURSDAY, key: str | None = None) -> Cause:
    return Cause(actor=asker.actor, at=at, idempotency_key=key)


class OvertakenLog(MemoryLog):
    """Somebody else writes in the moment between another's reading and appending: once."""

    def __init__(self, inner: MemoryLog, overtake: Callable[[MemoryLog], object]) -> None:
        super().__init__()
        self.inner = inner
        self.overtake: Callable[[MemoryLog], object] | None = overtake

    def stream(self, stream: str) -> list[Recorded[Any]]:
        return self.inner.stream(stream)

    def about(self, correlation_id: UUID) -> list[Recorded[Any]]:
        return self.inner.about(correlation_id)

    def seen(self, idempotency_key: str, request_hash: bytes | None = None) -> Appended | None:
        return self.inner.seen(idempotency_key, request_hash)

    def append(self, append: Append) -> Appended:
        if self.overtake is not None:
            overtake, self.overtake = self.overtake, None
            overtake(self.inner)
        return self.inner.append(append)


@dataclass(slots=True)
class Story:
    """One case on a log in memory, brought forward step by step."""

    log: MemoryLog
    case_id: UUID
    at: datetime = THURSDAY

    @property
    def case(self) -> Case:
        found = fold(self.log.stream(f"case-{self.case_id}"), evolve)
        assert found is not None
        return found

    @property
    def types(self) -> list[str]:
        """The case's events so far."""
        return [found.type for found in self.log.stream(f"case-{self.case_id}")]

    def dispatched(self) -> Story:
        if self.case.task is None:
            handlers.dispatch(
                self.log, RULEBOOK, self.case_id, DISPATCHER, self._by(DISPATCHER), department="sanitation", reason="近"
            )
        return self

    def signed(self) -> Story:
        handlers.sign(self.log, self.case_id, SANITATION, self._by(SANITATION))
        return self

    def return_asked(self, kind: ReturnKind = ReturnKind.WRONG_DEPARTMENT) -> Story:
        wish = returns.Wish(kind=kind, reason="不属于环卫", believed_responsible="urban")
        handlers.ask_return(self.log, RULEBOOK, self.case_id, SANITATION, self._by(SANITATION), wish)
        return self

    def returned(self, kind: ReturnKind = ReturnKind.WRONG_DEPARTMENT) -> Story:
        return self.return_asked(kind).approved(DISPATCHER if kind is ReturnKind.WRONG_DEPARTMENT else CHIEF)

    def extension_asked(self, amount: int = 2) -> Story:
        wish = extensions.Wish(limit=Limit(amount, Unit.WORKING_HOURS), reason="需要吊车")
        handlers.ask_extension(self.log, RULEBOOK, self.case_id, SANITATION, self._by(SANITATION), wish)
        return self

    def suspension_asked(self) -> Story:
        wish = suspensions.Wish(reason="等待汛期结束", review_on=(self.at + timedelta(days=30)).date())
        handlers.ask_suspension(self.log, RULEBOOK, self.case_id, SANITATION, self._by(SANITATION), wish)
        return self

    def approved(self, approver: Asker) -> Story:
        """The one request that waits is granted."""
        (request_id,) = self.case.requests
        handlers.approve(self.log, RULEBOOK, self.case_id, approver, self._by(approver), request_id=request_id)
        return self

    def helped(self, department: Asker | None = None) -> Story:
        """Another department gets a task too, and signs it."""
        wish = handlers.PartWish(department="urban", what="清理路面")
        handlers.add_task(self.log, RULEBOOK, self.case_id, DISPATCHER, self._by(DISPATCHER), wish)
        handlers.sign(self.log, self.case_id, department or URBAN, self._by(department or URBAN))
        return self

    def reopened(self) -> Story:
        handlers.reopen(self.log, self.case_id, SUPERVISOR, self._by(SUPERVISOR), reason="抽查发现仍有垃圾")
        return self

    def archived(self) -> Story:
        handlers.archive(self.log, self.case_id, CHIEF, self._by(CHIEF))
        return self

    def rejected(self) -> Story:
        told = {"reason_code": "nothing_there", "reason": "现场没有问题"}
        handlers.reject(self.log, self.case_id, CHIEF, self._by(CHIEF), **told)
        return self

    def transferred(self) -> Story:
        told = {"to": "kunming-12345", "reason": "市管道路", "receipt_due_at": None}
        handlers.transfer_out(self.log, self.case_id, CHIEF, self._by(CHIEF), **told)  # type: ignore[arg-type]
        return self

    def merged(self) -> Story:
        """Into an earlier case of the same log, which is filed for that."""
        earlier = filed("E-09-01", self.log, self.at - timedelta(days=2))
        handlers.merge(self.log, self.case_id, DISPATCHER, self._by(DISPATCHER), into=earlier.case_id)
        return self

    def responded(self, rulebook: Rulebook | None = None) -> Story:
        said = Answer(answer="已清运", evidence=("photo:1",))
        handlers.respond(self.log, rulebook or RULEBOOK, self.case_id, SANITATION, self._by(SANITATION), said)
        return self

    def passed(self) -> Story:
        event = CheckPassed(check_id=new_id(), case_id=self.case_id, findings="已清")
        reactions.clear_to_close(recorded(event), self.log, consumer="dispatch.clear_to_close", at=self.at)
        return self

    def failed(self) -> Story:
        event = CheckFailed(check_id=new_id(), case_id=self.case_id, findings="仍有垃圾")
        reactions.order_rework(recorded(event), self.log, consumer="dispatch.order_rework", at=self.at)
        return self

    def closed(self) -> Story:
        handlers.close(self.log, self.case_id, CHIEF, self._by(CHIEF), answer="垃圾已清运，谢谢反映。")
        return self

    def _by(self, asker: Asker) -> Cause:
        return cause(asker, self.at)


def filed(kind: str = "E-01-02", log: MemoryLog | None = None, reported_at: datetime | None = None) -> Story:
    """A case that was just filed, and dispatched where the list is automatic."""
    log = log or MemoryLog()
    event = accepted(kind)
    event = event if reported_at is None else replace(event, reported_at=reported_at)
    reactions.file_report(recorded(event), log, FixedRulebooks(), consumer="dispatch.file_report", at=THURSDAY)
    return Story(log, event.report_id)


def self_handled(rulebook: Rulebook | None = None) -> Story:
    """A case that a grid worker put right on the spot."""
    log, told = MemoryLog(), accepted()
    fields = {name: getattr(told, name) for name in ReportAccepted.__dataclass_fields__}
    event = ReportSelfHandled(**fields, answer="已清走", before=("photo:1",), after=("photo:2",))
    heard = recorded(event, actor=Actor("g.wu", "grid_worker"))
    books = FixedRulebooks(rulebook or RULEBOOK)
    reactions.file_self_handled(heard, log, books, consumer="dispatch.file_self_handled", at=THURSDAY)
    return Story(log, event.report_id)


NEVER_LOOKED_AT = Rulebook.of(
    (
        *LINES,
        SamplingDefined(rule="none", issue_type="*", loop=None, self_handled=False, rate=0),
        SamplingDefined(rule="none-on-the-spot", issue_type="*", loop=None, self_handled=True, rate=0),
    )
)
"""A rulebook whose sample chooses no case for a check."""

TO: dict[str, Callable[[], Story]] = {
    "filed": lambda: filed("E-09-01"),
    "dispatched": filed,
    "returned": lambda: filed().returned(),
    "handling": lambda: filed().signed(),
    "checking": lambda: filed().signed().responded(),
    "cleared": lambda: filed().signed().responded().passed(),
    "rework": lambda: filed().signed().responded().failed(),
    "closed": lambda: filed().signed().responded().passed().closed(),
    "suspended": lambda: filed().signed().suspension_asked().approved(CHIEF),
    "responded": lambda: filed().signed().responded(NEVER_LOOKED_AT),
    "self_handled": lambda: self_handled(NEVER_LOOKED_AT),
    "reopened": lambda: filed().signed().responded().passed().closed().reopened(),
    "archived": lambda: filed().signed().responded().passed().closed().archived(),
    "rejected": lambda: filed("E-09-01").rejected(),
    "transferred_out": lambda: filed("E-09-01").transferred(),
    "merged": lambda: filed("E-09-01").merged(),
}
"""A story that stands at the state of that name."""
