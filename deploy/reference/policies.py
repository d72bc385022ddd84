"""Policies of a folder: whether the log's own allow them, before anything is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from deploy.reference.files import Entry, Reference
from services.dispatch.domain.editions import check
from shared.contracts.rulebook import PolicyAdopted
from shared.kernel.errors import Refused
from shared.kernel.wording import Wording


def policies_in_order(found: Reference) -> list[Entry[PolicyAdopted]]:
    """The folder's policies, the earliest first: in this order they are announced."""
    return sorted(found.policies, key=lambda entry: entry.event.effective_from)


def check_policies(found: Reference, standing: Sequence[PolicyAdopted], at: datetime, *, is_first: bool) -> None:
    """Refuse what would change the past, overtake another policy, or leave a new city without rules. Raises Refused."""
    today = at.astimezone(ZoneInfo(found.calendars[0].event.zone)).date()
    for entry in policies_in_order(found):
        adopted = entry.event
        check(standing, adopted, today)
        if is_first and adopted.effective_from > today:
            said = Wording(
                f"{adopted.code} 自 {adopted.effective_from} 起施行，请先载入此前适用的规则",
                f"{adopted.code} begins on {adopted.effective_from}: load what holds until then first",
            )
            raise Refused(str(said), rule="policy.nothing_before", where=entry.file)
