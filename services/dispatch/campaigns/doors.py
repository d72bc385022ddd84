"""The doors of campaigns: somebody sets out, it goes on for longer or not, and what came of it is said and counted."""

from __future__ import annotations

from datetime import datetime, time

from services.dispatch.campaigns import handlers, queries
from services.dispatch.campaigns.domain import OPENERS
from services.dispatch.campaigns.handlers import Wish
from services.dispatch.campaigns.queries import DAYS, Wanted
from services.dispatch.campaigns.schemas import (
    CampaignAnswer,
    CampaignQuery,
    CampaignsAnswer,
    CampaignsQuery,
    EndBody,
    ExtendBody,
    OpenCampaignBody,
)
from services.dispatch.doors.base import Doors
from services.dispatch.queries.places import know
from services.dispatch.remedies.doors import LOOKERS, after_day
from shared.web.call import Call, Reply
from shared.web.door import door

BASE = "/api/v1/campaigns"
ONE = f"{BASE}/<uuid:campaign_id>"


class CampaignDoors(Doors):
    """What DispatchService inherits."""

    @door("POST", BASE, summary="Set out", body=OpenCampaignBody, answer=CampaignAnswer, status=201, roles=OPENERS)
    def open_campaign(self, call: Call) -> Reply:
        """启动: one place, some kinds of issue, and days that end within a year."""
        asked, book = call.body, self.rulebooks.current(call.at)
        wish = Wish(
            title=asked["title"],
            purpose=asked["purpose"],
            area=know(self.rows, asked["area"]),
            issue_types=tuple(dict.fromkeys(asked["issue_types"])),
            since=datetime.combine(asked["first_day"], time(), tzinfo=book.calendar.zone),
            until=after_day(book.calendar, asked["last_day"]),
            lead=asked["lead"],
            target=asked["target"],
        )
        call.path["campaign_id"] = handlers.open_(self.log, book, wish, call.signed_in, call.cause())
        return self._campaign(call)

    @door("POST", f"{ONE}/extend", summary="Go on for longer", body=ExtendBody, answer=CampaignAnswer, roles=OPENERS)
    def extend_campaign(self, call: Call) -> Reply:
        """延长, with the reason; never more than a year in all."""
        until = after_day(self.rulebooks.current(call.at).calendar, call.body["last_day"])
        campaign_id, reason = call.path["campaign_id"], call.body["reason"]
        handlers.extend(self.log, campaign_id, until, reason, call.signed_in, call.cause())
        return self._campaign(call)

    @door("POST", f"{ONE}/end", summary="End it", body=EndBody, answer=CampaignAnswer, roles=OPENERS)
    def end_campaign(self, call: Call) -> Reply:
        """总结: what came of it. From its end on is counted what lasted."""
        handlers.end(self.log, call.path["campaign_id"], call.body["summary"], call.signed_in, call.cause())
        return self._campaign(call)

    @door("GET", ONE, summary="One campaign", query=CampaignQuery, answer=CampaignAnswer, roles=LOOKERS)
    def campaign(self, call: Call) -> Reply:
        """As it stands this moment, with what was done in it and what came back before and after."""
        return self._campaign(call)

    @door("GET", BASE, summary="Campaigns", query=CampaignsQuery, answer=CampaignsAnswer, roles=LOOKERS)
    def campaigns(self, call: Call) -> Reply:
        """The register, the newest first."""
        return Reply(queries.campaigns(self.rows, call.signed_in, Wanted(**call.query), call.at))

    def _campaign(self, call: Call) -> Reply:
        campaign_id = call.path["campaign_id"]
        call.note(campaign_id=campaign_id)
        days = call.query.get("days", DAYS)
        return Reply(queries.one_campaign(self.log, self.rows, campaign_id, call.signed_in, days, call.at))
