"""Which rules hold for whom: policies give editions of the rulebook a name and a first day, and a case keeps its own.

An edition is a place in the log: the rulebook as it had been written up to there. A policy is announced first; what is
written after it belongs to it, and holds from its day on. Until then new cases go by the edition before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from shared.contracts.rulebook import PolicyAdopted
from shared.kernel.errors import Refused
from shared.kernel.wording import Wording


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy, and the place in the log from which lines belong to it: that of its first word."""

    since: int
    adopted: PolicyAdopted


def governing(policies: Iterable[Policy], newest: int, today: date) -> int:
    """The edition under which a case is filed on that day: everything that was written before a policy to come."""
    return min((policy.since - 1 for policy in policies if policy.adopted.effective_from > today), default=newest)


def policy_of(policies: Iterable[Policy], edition: int) -> PolicyAdopted | None:
    """The policy to which an edition belongs; None before the first one."""
    begun = [policy for policy in policies if policy.since <= edition]
    return max(begun, key=lambda policy: policy.since).adopted if begun else None


def check(standing: Sequence[PolicyAdopted], wanted: PolicyAdopted, today: date) -> None:
    """Refuse a policy that would change the past, or overtake another.

    `standing` are all there are, in their latest words. Raises Refused.
    """
    before = next((one for one in standing if one.code == wanted.code), None)
    if before is not None and before.effective_from <= today and wanted.effective_from != before.effective_from:
        said = Wording(
            f"《{before.title}》自 {before.effective_from} 起已施行，施行日期不能再改",
            f"{before.code} has been in force since {before.effective_from}: its day cannot be moved any more",
        )
        raise Refused(str(said), rule="policy.in_force")
    others = [one.effective_from for one in standing if one.code != wanted.code]
    if before is None and any(day > wanted.effective_from for day in others):
        said = Wording(
            f"已颁布自 {max(others)} 起施行的规则，新规则的施行日期不得早于它",
            f"a policy from {max(others)} on was adopted before: this one cannot begin earlier",
        )
        raise Refused(str(said), rule="policy.out_of_order")


def said(policy: PolicyAdopted | None, edition: int) -> Wording:
    """The rules of an edition, as people name them."""
    if policy is None:
        return Wording(f"第 {edition} 版规则", f"edition {edition} of the rules")
    return Wording(f"《{policy.title}》（{policy.code}）", f"{policy.code}")
