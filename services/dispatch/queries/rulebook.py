"""The rulebook as people ask for it, and why the responsibility list chooses whom it chooses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.dispatch.domain.responsibility import matching
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.codec import encode
from shared.contracts.shapes import Limit
from shared.kernel.area import Area
from shared.kernel.wording import Wording

Json = dict[str, Any]


def limit_body(limit: Limit | None) -> Json | None:
    return None if limit is None else {"amount": limit.amount, "unit": limit.unit.value, "zh": limit.wording.zh}


def departments(rulebook: Rulebook) -> Json:
    found = sorted(rulebook.departments.values(), key=lambda line: line.code)
    # Where notices go is for notify, not for every reader.
    return {"departments": [{"code": line.code, "name": line.name, "name_en": line.name_en} for line in found]}


def issue_types(rulebook: Rulebook) -> Json:
    found = sorted(rulebook.issue_types.values(), key=lambda line: line.code)
    return {"issue_types": [{**encode(line), "limit": limit_body(line.limit)} for line in found]}


def responsibilities(rulebook: Rulebook) -> Json:
    found = sorted(rulebook.lines.values(), key=lambda line: line.rule)
    return {"responsibilities": [{**encode(line), "limit": limit_body(line.limit)} for line in found]}


def rules_said(rulebook: Rulebook, case: Json) -> str | None:
    """The rules that the case keeps, in words; None for one that was filed before editions were kept."""
    if case["edition"] is None:
        return None
    named = rulebook.under(case["edition"], case["issue_type"]).said
    return str(Wording(f"按{named.zh}办理", f"handled under {named.en}"))


def calendar(rulebook: Rulebook) -> Json:
    return {"calendars": [encode(rulebook.calendars[year]) for year in sorted(rulebook.calendars)]}


def explain(rulebook: Rulebook, issue_type: str, area: Area, at: datetime) -> Json:
    """Which line would choose the department now, why, until when; and the lines that it beat, in order."""
    lines = list(matching(rulebook.lines, issue_type, area))
    proposal = rulebook.propose(issue_type, area, at)
    known = issue_type in rulebook.issue_types
    beaten = [
        {"rule": line.rule, "area": line.area, "issue_type": line.issue_type, "department": line.department}
        for line in lines[1:]
    ]
    answer: Json = {"issue_type": issue_type, "area": area.path, "is_known": known, "beaten": beaten}
    if proposal is None:
        said = Wording("权责清单没有适用条目，案件等待人工派遣", "no line holds: such a case waits for a dispatcher")
        return {**answer, "rule": None, "department": None, "because": str(said)}
    return {
        **answer,
        "rule": proposal.rule,
        "department": proposal.department,
        "department_name": rulebook.name(proposal.department),
        "co_handlers": list(proposal.co_handlers),
        "informed": list(proposal.informed),
        "legal_basis": lines[0].legal_basis,
        "automatic": proposal.automatic,
        "because": str(proposal.because),
        "limit": limit_body(proposal.limit),
        "due_at": proposal.due_at,
        "due_because": str(proposal.due_because),
    }
