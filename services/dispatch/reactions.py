"""One function per event heard from others: what dispatch does about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.dispatch.domain import decisions
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import evolve
from services.dispatch.domain.responsibility import Assignment
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.domain.sampling import ALL, Sample
from services.dispatch.handlers import Rulebooks, case_stream
from shared.contracts.check import CheckFailed, CheckPassed, SpotCheckFailed
from shared.contracts.envelope import Actor, Recorded
from shared.contracts.feedback import FeedbackRecorded
from shared.contracts.report import ReportAccepted, ReportSelfHandled
from shared.handling import Cause, amend, begin, fold
from shared.kernel.case_states import State
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog

_PATIENCE = timedelta(seconds=30)
"""How long a report that no line speaks of waits for the rulebook to catch up, before a dispatcher gets it anyway."""


def file_report(
    recorded: Recorded[ReportAccepted], log: EventLog, rulebooks: Rulebooks, *, consumer: str, at: datetime
) -> Appended:
    """An accepted report becomes a case, and goes straight to the department where the list allows that.

    A case that no line speaks of stays filed and waits for a dispatcher. One that was rejected, and accepted again
    after an appeal, is filed anew. Raises Unavailable before there is a rulebook, and for a moment while ours is older
    than the report and has no line for it.
    """
    accepted = recorded.event
    stream = case_stream(accepted.report_id)
    history = log.stream(stream)
    before = fold(history, evolve)
    if before is not None and not _is_heard_again(before, history, recorded):
        return Appended(stream, len(history), ())
    rulebook, proposal = _proposal(recorded, rulebooks, at)
    assignment = proposal if proposal is not None and proposal.automatic else None
    loop = rulebook.loop(accepted.issue_type)
    cause, rules = Cause.reaction(consumer, recorded, at), rules_of(rulebook)
    if before is not None:
        return amend(log, stream, evolve, lambda case: decisions.file(accepted, loop, assignment, case, rules), cause)
    events = decisions.file(accepted, loop, assignment, rules=rules)
    return begin(log, stream, events, cause, area=recorded.area, correlation_id=accepted.report_id)


def rules_of(rulebook: Rulebook) -> decisions.Rules:
    """What a case that is filed now remembers of the rules."""
    return decisions.Rules(rulebook.edition or None, None if rulebook.policy is None else rulebook.policy.code)


def _is_heard_again(case: Case, history: list[Recorded[Any]], accepted: Recorded[ReportAccepted]) -> bool:
    """Whether the report was accepted after its case was rejected: the reporter has appealed, and was right."""
    return case.state is State.REJECTED and accepted.occurred_at > history[-1].occurred_at


def file_self_handled(
    recorded: Recorded[ReportSelfHandled], log: EventLog, rulebooks: Rulebooks, *, consumer: str, at: datetime
) -> Appended:
    """What was put right on the spot becomes a case that begins handled, and is looked at where the sample says so."""
    told = recorded.event
    stream = case_stream(told.report_id)
    history = log.stream(stream)
    if history:
        return Appended(stream, len(history), ())
    rulebook = rulebooks.current(at)
    loop = rulebook.loop(told.issue_type)
    line = rulebook.sampling(told.issue_type, loop, self_handled=True)
    sample = ALL if line is None else Sample(line.rate, line.rule)
    handler = recorded.actor.department or recorded.actor.role
    events = decisions.self_handle(told, loop, handler, sample, rules_of(rulebook))
    cause = Cause.reaction(consumer, recorded, at)
    return begin(log, stream, events, cause, area=recorded.area, correlation_id=told.report_id)


def _proposal(
    recorded: Recorded[ReportAccepted], rulebooks: Rulebooks, at: datetime
) -> tuple[Rulebook, Assignment | None]:
    issue_type, urgency = recorded.event.issue_type, recorded.event.urgency
    rulebook = rulebooks.current(at)
    proposal = rulebook.propose(issue_type, recorded.area, at, urgency, rulebook.loop(issue_type))
    if proposal is None and recorded.position is not None and at - recorded.recorded_at < _PATIENCE:
        # No line may only mean that the line is on its way: the log had everything up to the report by then.
        rulebook = rulebooks.as_of(recorded.position, at)
        proposal = rulebook.propose(issue_type, recorded.area, at, urgency, rulebook.loop(issue_type))
    return rulebook, proposal


def clear_to_close(recorded: Recorded[CheckPassed], log: EventLog, *, consumer: str, at: datetime) -> Appended:
    """Somebody looked, and it is done: the duty chief may close."""
    passed = recorded.event
    return amend(
        log,
        case_stream(passed.case_id),
        evolve,
        lambda case: decisions.clear(case, passed.check_id),
        Cause.reaction(consumer, recorded, at),
    )


def order_rework(recorded: Recorded[CheckFailed], log: EventLog, *, consumer: str, at: datetime) -> Appended:
    """Somebody looked, and it is not done: back to the departments named, or to all, with what was found."""
    failed = recorded.event
    reason = failed.findings.strip() or str(Wording("核查未通过", "the check was not passed"))
    return amend(
        log,
        case_stream(failed.case_id),
        evolve,
        lambda case: decisions.order_rework(case, failed.check_id, reason, failed.task_ids),
        Cause.reaction(consumer, recorded, at),
    )


def reopen(recorded: Recorded[FeedbackRecorded], log: EventLog, *, consumer: str, at: datetime) -> Appended | None:
    """The reporter is not content and wants the case back: it is reopened in their words, and in their name."""
    feedback = recorded.event
    if not feedback.wants_reopening:
        return None
    # Whoever holds the link is the reporter, or answers for them: the case comes back in their name, not in ours.
    reporter = Actor(recorded.actor.id, "resident")
    return amend(
        log,
        case_stream(feedback.case_id),
        evolve,
        lambda case: decisions.reopen(case, reporter, feedback.words),
        replace(Cause.reaction(consumer, recorded, at), actor=reporter),
    )


def reopen_on_spot_check(
    recorded: Recorded[SpotCheckFailed], log: EventLog, *, consumer: str, at: datetime
) -> Appended:
    """Somebody looked at a closed case once more, and it was not rightly closed: it comes back, in their name."""
    failed = recorded.event
    inspector = Actor(recorded.actor.id, "supervisor")
    reason = failed.findings.strip() or str(Wording("抽查不合格", "the spot check was not passed"))
    return amend(
        log,
        case_stream(failed.case_id),
        evolve,
        lambda case: decisions.reopen(case, inspector, reason),
        replace(Cause.reaction(consumer, recorded, at), actor=inspector),
    )
