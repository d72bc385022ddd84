"""The forms of a remedy's page: which fields each asks for, and the API's own door behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from services.dispatch.forms import filled, through
from services.dispatch.remedies.doors import RemedyDoors
from services.dispatch.remedies.schemas import (
    ClearBody,
    LinkBody,
    OpenBody,
    PlanBody,
    RectifiedBody,
    ReinspectionBody,
    WithdrawBody,
)
from shared.contracts.remedy import RemedyKind, Severity
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.wording import Wording
from shared.pages.page import PageQuery
from shared.ports import Rows
from shared.web.call import Call, Reply
from shared.web.fields import Body, Text


@dataclass(frozen=True, slots=True)
class Way:
    """One form: the door behind it, the body that it takes, the fields that people see, what goes without saying."""

    door: Callable[[Any, Call], Reply]
    body: type[Schema]
    fields: tuple[str, ...]
    given: dict[str, Any] = field(default_factory=dict)


WAYS: dict[str, Way] = {
    "plan": Way(RemedyDoors.plan_remedy, PlanBody, ("department", "measures", "funding", "due_on", "interim")),
    "rectified": Way(RemedyDoors.remedy_rectified, RectifiedBody, ("words", "photos")),
    "passed": Way(RemedyDoors.reinspect_remedy, ReinspectionBody, ("findings", "photos"), {"passed": True}),
    "failed": Way(RemedyDoors.reinspect_remedy, ReinspectionBody, ("findings", "photos"), {"passed": False}),
    "clear": Way(RemedyDoors.clear_remedy, ClearBody, ("words",)),
    "withdraw": Way(RemedyDoors.withdraw_remedy, WithdrawBody, ("reason",)),
    "cases": Way(RemedyDoors.link_remedy, LinkBody, ("number",)),
}


def _text(longest: int = 60) -> Text:
    return Text(longest=longest, shortest=0, load_default="")


class RemediesPageQuery(PageQuery):
    """Which part of the register. A filter that is left empty does not matter."""

    view = fields.String(load_default="open", validate=validate.OneOf(["open", "all"]))
    kind = fields.String(load_default="", validate=validate.OneOf(["", *(one.value for one in RemedyKind)]))
    severity = fields.String(load_default="", validate=validate.OneOf(["", *(one.value for one in Severity)]))
    overdue = fields.String(load_default="", validate=validate.OneOf(["", "yes"]))
    area = _text(30)
    after = _text(100)


class NewRemedyQuery(PageQuery):
    """The case from which it is opened, if any."""

    case_id = fields.UUID(load_default=None)


class RemedyPageQuery(PageQuery):
    """Which action has just been done, to say so."""

    done = _text()


class NewRemedyForm(Body):
    """What was found."""

    key = _text(100)
    kind = _text()
    severity = _text()
    issue_type = _text()
    title = _text(200)
    words = _text(5_000)
    area = _text(30)
    place = _text(200)
    photos = _text(2_000)
    case_ids = _text(2_000)


class RemedyForm(Body):
    """Every field that a form of the page may have."""

    key = _text(100)
    department = _text()
    measures = _text(5_000)
    funding = _text(2_000)
    due_on = _text()
    interim = _text(2_000)
    words = _text(5_000)
    findings = _text(2_000)
    reason = _text(2_000)
    photos = _text(2_000)
    number = _text()


def open_(service: Any, call: Call) -> UUID:
    """Put on the list what the form says, through the API's door; its id."""
    inner = through(call, "new_remedy", filled(OpenBody, call.body))
    RemedyDoors.open_remedy(service, inner)
    found: UUID = inner.path["remedy_id"]
    return found


def send(service: Any, rows: Rows, call: Call, what: str) -> None:
    """Do what the form at `…/<what>` says, through the API's door. Raises NotFound for a form that there is not."""
    if what not in WAYS:
        raise NotFound(str(Wording("没有这个操作", "there is no such action")))
    way, given = WAYS[what], dict(WAYS[what].given)
    if "number" in way.fields:
        given["case_id"] = _case_of(rows, call.body["number"])
    way.door(service, through(call, "remedy_page", filled(way.body, call.body, **given)))


def _case_of(rows: Rows, number: str) -> str:
    """People know a case by its number."""
    found = rows.query("SELECT case_id::text FROM cases WHERE number = %s", [number.strip()])
    if not found:
        raise Invalid(str(Wording(f"没有受理编号为 {number} 的案件", f"there is no case with number {number}")))
    case_id: str = found[0]["case_id"]
    return case_id
