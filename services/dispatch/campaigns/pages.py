"""The pages of campaigns: the register, one campaign with its figures, and a new one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.dispatch.campaigns import forms, queries
from services.dispatch.campaigns.domain import OPENERS, State
from services.dispatch.campaigns.doors import CampaignDoors
from services.dispatch.campaigns.forms import CampaignForm, CampaignPageQuery, CampaignsPageQuery, NewCampaignForm
from services.dispatch.campaigns.queries import Wanted
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.forms import complaints
from services.dispatch.queries.places import below, lineage, names
from services.dispatch.remedies.doors import LOOKERS
from services.dispatch.room import PAGES, called
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Invalid, Refused, WujiError
from shared.kernel.ids import new_id
from shared.kernel.working_calendar import Calendar
from shared.pages.language import of_call
from shared.pages.page import page, to
from shared.web.call import Call, Reply


class CampaignPages(CampaignDoors):
    """What DispatchService inherits."""

    @page("GET", "/campaigns", summary="Campaigns", query=CampaignsPageQuery, roles=LOOKERS)
    def campaigns_page(self, call: Call) -> Reply:
        """专项行动, the newest first."""
        said, book = call.query, self.rulebooks.current(call.at)
        wanted = Wanted(state=State(said["state"]) if said["state"] else None, after=said["after"] or None)
        found = queries.campaigns(self.rows, call.signed_in, wanted, call.at)
        return PAGES.render(
            call,
            "campaigns.html",
            said=said,
            found=[{**one, **_days(book.calendar, one)} for one in found["campaigns"]],
            next_after=found["next_after"],
            where=names(self.rows, (one["area"] for one in found["campaigns"])),
            names=called(book, of_call(call)),
            groups=groups(book),
            can_open=call.signed_in.role in OPENERS,
        )

    @page("GET", "/campaigns/new", summary="Set out", roles=OPENERS)
    def new_campaign_page(self, call: Call) -> Reply:
        """The form."""
        return self._new_campaign(call, {})

    @page("POST", "/campaigns/new", summary="Set out now", body=NewCampaignForm, roles=OPENERS)
    def new_campaign(self, call: Call) -> Reply:
        """Through the same door as a program would."""
        try:
            campaign_id = forms.open_(self, call)
        except (Refused, Invalid, Forbidden) as error:
            return self._new_campaign(call, call.body, error)
        return to(f"/campaigns/{campaign_id}?done=campaign")

    @page("GET", "/campaigns/<uuid:campaign_id>", summary="One campaign", query=CampaignPageQuery, roles=LOOKERS)
    def campaign_page(self, call: Call) -> Reply:
        """Its figures, and what came back before and after."""
        return self._one_campaign(call, days=call.query["days"], done=call.query["done"])

    @page(
        "POST",
        "/campaigns/<uuid:campaign_id>/<what>",
        summary="Do something about it",
        body=CampaignForm,
        roles=OPENERS,
    )
    def campaign_action(self, call: Call) -> Reply:
        """Through the same door as a program would; a refusal is said on the page."""
        what = call.path["what"]
        try:
            forms.send(self, call, what)
        except (Refused, Invalid, Forbidden) as error:
            return self._one_campaign(call, error=error, said=call.body)
        return to(f"/campaigns/{call.path['campaign_id']}?done={what}")

    def _one_campaign(
        self,
        call: Call,
        *,
        days: int = queries.DAYS,
        done: str = "",
        error: WujiError | None = None,
        said: dict[str, Any] | None = None,
    ) -> Reply:
        found = queries.one_campaign(self.log, self.rows, call.path["campaign_id"], call.signed_in, days, call.at)
        book = self.rulebooks.current(call.at)
        return PAGES.render(
            call,
            "campaign.html",
            status=200 if error is None else error.status,
            campaign={**found, **_days(book.calendar, found)},
            extensions=[{**one, "last_day": _last_day(book.calendar, one["until"])} for one in found["extensions"]],
            recurrence=_compared(found["figures"]["recurrence"]),
            passed=_passed(found, call.at),
            place=lineage(self.rows, Area(found["area"])),
            names=called(book, of_call(call)),
            groups=groups(book),
            can=[one["action"] for one in found["actions"] if one["allowed"]],
            said=said or {},
            done=done,
            wrong=None if error is None else str(error),
            complaints=[] if error is None else complaints(error),
            key=str(new_id()),
        )

    def _new_campaign(self, call: Call, said: dict[str, Any], error: WujiError | None = None) -> Reply:
        book = self.rulebooks.current(call.at)
        return PAGES.render(
            call,
            "campaign_new.html",
            status=200 if error is None else error.status,
            said=NewCampaignForm().load({}) | said,
            places={one["path"]: one["name"] for one in below(self.rows, call.signed_in.area)},
            names=called(book, of_call(call)),
            groups=groups(book),
            today=book.calendar.local(call.at).date().isoformat(),
            wrong=None if error is None else str(error),
            complaints=[] if error is None else complaints(error),
            key=str(new_id()),
        )


def groups(book: Rulebook) -> dict[str, str]:
    """Beginning of codes → what the group of issue types is called."""
    return {code.rpartition("-")[0]: found.group for code, found in sorted(book.issue_types.items())}


def _days(calendar: Calendar, one: dict[str, Any]) -> dict[str, str]:
    first = calendar.local(one["since"]).date().isoformat()
    return {"first_day": first, "last_day": _last_day(calendar, one["until"])}


def _last_day(calendar: Calendar, until: datetime) -> str:
    return (calendar.local(until) - timedelta(seconds=1)).date().isoformat()


def _compared(recurrence: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The three windows with how long their bars are, from 0 to 1 of the longest."""
    rates = {name: one["rate"] or 0 for name, one in recurrence.items()}
    longest = max(rates.values()) or 1
    return [{"name": name, **one, "fill": rates[name] / longest} for name, one in recurrence.items()]


def _passed(found: dict[str, Any], at: datetime) -> float:
    """How much of its time has passed, from 0 to 1."""
    whole = (found["until"] - found["since"]).total_seconds()
    gone = (at - found["since"]).total_seconds()
    return min(1.0, max(0.0, gone / whole)) if whole else 1.0
