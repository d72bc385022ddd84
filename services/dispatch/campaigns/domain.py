"""One campaign: when it is, what belongs to it, and what may be done with it.

Whether it runs is a question of its days and of nothing else: it is over at its end, whoever is watching. What is left
then is to say what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.contracts.campaign import CampaignEnded, CampaignExtended, CampaignOpened
from shared.kernel.errors import Invalid, Refused
from shared.kernel.wording import Wording

CampaignEvent = CampaignOpened | CampaignExtended | CampaignEnded

LONGEST = timedelta(days=366)
"""What takes longer than a year is no campaign any more: it is everyday work, and to be arranged as such."""
OPENERS = ("duty_chief", "leader")


class State(StrEnum):
    """Where a campaign stands. `planned`, `running` and `over` follow from its days."""

    PLANNED = "planned"
    RUNNING = "running"
    OVER = "over"
    ENDED = "ended"

    @property
    def zh(self) -> str:
        return _NAMES[self]


_NAMES = {State.PLANNED: "未开始", State.RUNNING: "进行中", State.OVER: "到期待总结", State.ENDED: "已总结"}

MOVES: dict[str, tuple[tuple[State, ...], tuple[str, ...]]] = {
    "campaign.opened": ((), OPENERS),
    "campaign.extended": ((State.PLANNED, State.RUNNING), OPENERS),
    "campaign.ended": ((State.PLANNED, State.RUNNING, State.OVER), OPENERS),
}
"""Event → where it may happen, and who may cause it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What has become of it."""

    opened: CampaignOpened
    until: datetime
    """The first instant that does not belong to it, as it stands now."""
    summary: str | None = None
    extensions: tuple[CampaignExtended, ...] = ()

    @property
    def campaign_id(self) -> UUID:
        return self.opened.campaign_id

    def state(self, at: datetime) -> State:
        """Where it stands at an instant."""
        if self.summary is not None:
            return State.ENDED
        if at >= self.until:
            return State.OVER
        return State.RUNNING if at >= self.opened.since else State.PLANNED


def evolve(campaign: Campaign | None, event: CampaignEvent) -> Campaign:
    """The campaign after the event; history is not up for debate."""
    if isinstance(event, CampaignOpened):
        return Campaign(opened=event, until=event.until)
    if campaign is None:
        raise LookupError("a campaign begins with campaign.opened")
    if isinstance(event, CampaignExtended):
        return replace(campaign, until=event.until, extensions=(*campaign.extensions, event))
    return replace(campaign, until=event.until, summary=event.summary)


def checked(opened: CampaignOpened, at: datetime) -> CampaignOpened:
    """The campaign, when it is one. Raises Invalid with every field that is wrong."""
    errors: dict[str, object] = {}
    if not opened.issue_types:
        errors["issue_types"] = [str(Wording("至少选择一类事项", "name at least one kind of issue"))]
    if opened.until <= opened.since:
        errors["last_day"] = [str(Wording("结束日不能早于开始日", "it cannot end before it begins"))]
    elif opened.until <= at:
        errors["last_day"] = [str(Wording("结束日已过", "these days are over already"))]
    elif opened.until - opened.since > LONGEST:
        errors["last_day"] = [_too_long()]
    if errors:
        raise Invalid(str(Wording("专项行动填写不完整", "the campaign is incomplete")), errors=errors)
    return opened


def extend(campaign: Campaign, until: datetime, reason: str, at: datetime) -> tuple[CampaignEvent, ...]:
    """It goes on for longer; to the same day changes nothing."""
    if until == campaign.until and campaign.extensions:
        return ()
    need(campaign, "campaign.extended", at)
    if until <= campaign.until:
        said = Wording("延长后的结束日须晚于原定结束日", "a campaign is extended to a later day; end it to stop sooner")
        raise Invalid(str(said), where="last_day")
    if until - campaign.opened.since > LONGEST:
        raise Invalid(_too_long(), where="last_day")
    return (CampaignExtended(campaign_id=campaign.campaign_id, until=until, reason=reason),)


def end(campaign: Campaign, summary: str, at: datetime) -> tuple[CampaignEvent, ...]:
    """It is over, and this came of it. Called off before its end, it ends now; before it began, it has no days."""
    need(campaign, "campaign.ended", at)
    until = min(campaign.until, max(at, campaign.opened.since))
    return (CampaignEnded(campaign_id=campaign.campaign_id, until=until, summary=summary),)


def need(campaign: Campaign, event: str, at: datetime) -> None:
    """Raises Refused when the event may not happen where the campaign stands at that instant."""
    sources, state = MOVES[event][0], campaign.state(at)
    if state in sources:
        return
    zh, en = "、".join(f"「{one.zh}」" for one in sources), " or ".join(one.value for one in sources)
    said = Wording(
        f"专项行动现为「{state.zh}」，须为{zh}", f"the campaign is {state.value}; this takes one that is {en}"
    )
    raise Refused(str(said), rule="campaign.not_possible_now")


def _too_long() -> str:
    return str(
        Wording(
            f"专项行动最长 {LONGEST.days} 天，更长的应列为日常工作",
            f"a campaign lasts {LONGEST.days} days at most: what takes longer is everyday work",
        )
    )
