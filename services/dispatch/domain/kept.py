"""The rules that one case goes by: those of the edition under which it was filed, and today's for everything else.

Kept are limits, closing conditions, responsibilities, samples and what issue types say of themselves. Today's are the
calendar, departments, ladders, the open pool, label sets, and caps: they say who there is and when people work, not
what was promised.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.dispatch.domain.limits import Limits
from services.dispatch.domain.responsibility import Assignment
from shared.kernel.wording import Wording

if TYPE_CHECKING:
    from services.dispatch.domain.rulebook import Rulebook


def kept(today: Rulebook, then: Rulebook) -> Rulebook:
    """The rulebook for a case that was filed when the rules were `then`."""
    return replace(
        today,
        issue_types=then.issue_types,
        lines=then.lines,
        limits=Limits(then.limits.lines, today.limits.ladders, then.limits.samples),
        edition=then.edition,
        policy=then.policy,
        today=today,
    )


def is_gone(today: Rulebook, then: Rulebook, issue_type: str) -> bool:
    """Whether the kind of issue was withdrawn meanwhile: nobody keeps lists for it any more."""
    return issue_type in then.issue_types and issue_type not in today.issue_types


def settled(book: Rulebook, mine: Assignment, todays: Assignment | None) -> Assignment | None:
    """What the kept list chose, saying so where today's would say otherwise; today's, where it chose somebody gone."""
    gone = [code for code in (mine.department, *mine.co_handlers) if code not in book.departments]
    if gone:
        if todays is None:
            return None
        named = "、".join(gone), ", ".join(gone)
        why = Wording(f"；立案时的责任单位 {named[0]} 已撤销，按现行清单办理", f"; {named[1]} of its own rules is gone")
        return replace(todays, because=_with(todays.because, why))
    if todays is not None and _same(mine, todays):
        return mine
    why = Wording(f"；按立案时的{book.said.zh}办理", f"; by the rules it was filed under, {book.said.en}")
    return replace(mine, because=_with(mine.because, why))


def _same(one: Assignment, other: Assignment) -> bool:
    def compared(found: Assignment) -> tuple[object, ...]:
        return found.rule, found.department, found.co_handlers, found.informed, found.limit

    return compared(one) == compared(other)


def _with(words: Wording, more: Wording) -> Wording:
    return Wording(words.zh + more.zh, words.en + more.en)
