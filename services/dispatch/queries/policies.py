"""Policies 规则版本: which there are, from which day each holds, and what each changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.dispatch.domain.editions import Policy
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.words import TYPES
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.ports import Rows

Json = dict[str, Any]

_COUNTS = (
    "SELECT count(*) AS lines FROM lines WHERE position >= %(since)s AND position < %(until)s AND kind <> 'policy'"
)
_CHANGES = """
SELECT type, name, position FROM lines
WHERE position >= %(since)s AND position < %(until)s AND kind <> 'policy' ORDER BY position LIMIT 2000
"""
_END = 2**62


def policies(rows: Rows, found: Sequence[Policy], present: Rulebook, at: datetime) -> Json:
    """Every policy, the newest first, and the edition under which cases are filed now."""
    listed = [{**_policy(one, present, at), **rows.query(_COUNTS, _span(found, one))[0]} for one in reversed(found)]
    return {"edition": present.edition, "said": str(present.said), "policies": listed}


def policy(rows: Rows, found: Sequence[Policy], code: str, present: Rulebook, at: datetime) -> Json:
    """One policy with every line that belongs to it. Raises NotFound."""
    one = next((one for one in found if one.adopted.code == code), None)
    if one is None:
        raise NotFound(str(Wording(f"没有规则 {code}", f"there is no policy {code}")))
    changes = rows.query(_CHANGES, _span(found, one))
    told = [{**row, "zh": TYPES.get(row["type"], row["type"])} for row in changes]
    return {**_policy(one, present, at), "lines": len(told), "changes": told}


def _policy(one: Policy, present: Rulebook, at: datetime) -> Json:
    adopted, today = one.adopted, present.calendar.local(at).date()
    in_force = present.policy is not None and present.policy.code == adopted.code
    return {
        "code": adopted.code,
        "title": adopted.title,
        "basis": adopted.basis,
        "effective_from": adopted.effective_from,
        "since": one.since,
        "state": "in_force" if in_force else "to_come" if adopted.effective_from > today else "superseded",
    }


def _span(found: Sequence[Policy], one: Policy) -> Json:
    later = [other.since for other in found if other.since > one.since]
    return {"since": one.since, "until": min(later, default=_END)}
