"""The forms of a campaign's pages, and the API's own door behind each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from services.dispatch.campaigns.domain import State
from services.dispatch.campaigns.doors import CampaignDoors
from services.dispatch.campaigns.queries import DAYS
from services.dispatch.campaigns.schemas import EndBody, ExtendBody, OpenCampaignBody
from services.dispatch.case_forms import several
from services.dispatch.forms import filled, through
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.pages.page import PageQuery
from shared.web.call import Call, Reply
from shared.web.fields import Body, Text

WAYS: dict[str, tuple[Callable[[Any, Call], Reply], type[Schema]]] = {
    "extend": (CampaignDoors.extend_campaign, ExtendBody),
    "end": (CampaignDoors.end_campaign, EndBody),
}


def _text(longest: int = 60) -> Text:
    return Text(longest=longest, shortest=0, load_default="")


class CampaignsPageQuery(PageQuery):
    """Which campaigns."""

    state = fields.String(load_default="", validate=validate.OneOf(["", *(one.value for one in State)]))
    after = _text(100)


class CampaignPageQuery(PageQuery):
    """How far before and after is looked; which action has just been done, to say so."""

    days = fields.Integer(load_default=DAYS, validate=validate.Range(1, 366))
    done = _text()


class NewCampaignForm(Body):
    """What is to be reached, where, in which kinds of issue, in which days."""

    key = _text(100)
    title = _text(200)
    purpose = _text(2_000)
    area = _text(30)
    issue_types = several(load_default=list)
    first_day = _text(10)
    last_day = _text(10)
    lead = _text()
    target = _text(2_000)


class CampaignForm(Body):
    """Every field that a form of the page may have."""

    key = _text(100)
    last_day = _text(10)
    reason = _text(2_000)
    summary = _text(5_000)


def open_(service: Any, call: Call) -> UUID:
    """Set out as the form says, through the API's door; its id."""
    inner = through(call, "new_campaign", filled(OpenCampaignBody, call.body))
    CampaignDoors.open_campaign(service, inner)
    found: UUID = inner.path["campaign_id"]
    return found


def send(service: Any, call: Call, what: str) -> None:
    """Do what the form at `…/<what>` says, through the API's door. Raises NotFound for a form that there is not."""
    if what not in WAYS:
        raise NotFound(str(Wording("没有这个操作", "there is no such action")))
    door, body = WAYS[what]
    door(service, through(call, "campaign_page", filled(body, call.body)))
