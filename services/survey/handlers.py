"""One function per command: the reporter answers, somebody looks at a flag."""

from __future__ import annotations

from uuid import UUID

from services.survey.domain import flags
from services.survey.domain.feedback import Verdict, evolve, record
from shared.handling import Cause, amend
from shared.kernel.errors import Forbidden, NotFound
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import links, permission
from shared.security.permission import Asker

PURPOSE = "feedback"


def feedback_stream(feedback_id: UUID) -> str:
    return f"feedback-{feedback_id}"


def require_link(key: bytes, feedback_id: UUID, token: str) -> None:
    """Only the holder of the link may go on. Whether there is such a question at all is not told to anybody else."""
    if not links.verify(key, PURPOSE, feedback_id, token):
        raise Forbidden(
            str(Wording("链接无效，请使用短信中的完整链接", "this link is not valid; use it as you received it"))
        )


def answer(log: EventLog, link_key: bytes, feedback_id: UUID, token: str, verdict: Verdict, cause: Cause) -> Appended:
    """The reporter answers, once."""
    require_link(link_key, feedback_id, token)
    return amend(log, feedback_stream(feedback_id), evolve, lambda feedback: record(feedback, verdict, cause.at), cause)


def flag_stream(case_id: UUID) -> str:
    return f"flag-{case_id}"


def settle_flag(
    log: EventLog, case_id: UUID, flag_id: UUID, asker: Asker, cause: Cause, *, founded: bool, words: str
) -> Appended:
    """Somebody looked at what seemed odd, and says what it was."""
    history = log.stream(flag_stream(case_id))
    if not history:
        raise NotFound(str(Wording("该案件没有疑点", "this case has no flags")))
    permission.require(asker, action_area=history[-1].area)
    return amend(
        log,
        flag_stream(case_id),
        flags.evolve,
        lambda known: flags.settle(known, case_id, flag_id, founded, words),
        cause,
    )
