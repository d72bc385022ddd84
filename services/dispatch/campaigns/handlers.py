"""One function per command on a campaign: load it, ask whether this asker may, decide, append."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.campaigns import domain
from services.dispatch.campaigns.domain import MOVES, OPENERS, Campaign, CampaignEvent, evolve
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.campaign import CampaignOpened
from shared.contracts.envelope import Recorded
from shared.handling import Cause, amend, begin, fold
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.ids import new_id
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody sets out to do."""

    title: str
    purpose: str
    area: Area
    issue_types: tuple[str, ...]
    since: datetime
    until: datetime
    lead: str
    target: str


def stream_of(campaign_id: UUID) -> str:
    return f"campaign-{campaign_id}"


def load(log: EventLog, campaign_id: UUID) -> tuple[Campaign, list[Recorded[Any]]]:
    """One campaign and its history. Raises NotFound."""
    history = log.stream(stream_of(campaign_id))
    found = fold(history, evolve)
    if found is None:
        raise NotFound(str(Wording(f"没有专项行动 {campaign_id}", f"there is no campaign {campaign_id}")))
    return found, history


def open_(log: EventLog, book: Rulebook, wish: Wish, asker: Asker, cause: Cause) -> UUID:
    """Set out; its id. The same key answers the same id."""
    permission.require(asker, roles=OPENERS, action_area=wish.area)
    if cause.idempotency_key is not None:
        before = log.seen(cause.idempotency_key, cause.request_hash)
        if before is not None:
            return UUID(before.stream.removeprefix("campaign-"))
    _know(book, wish)
    opened = CampaignOpened(
        campaign_id=new_id(),
        title=mask(wish.title),
        purpose=mask(wish.purpose),
        area=wish.area.path,
        issue_types=wish.issue_types,
        since=wish.since,
        until=wish.until,
        lead=wish.lead,
        target=mask(wish.target),
    )
    stream = stream_of(opened.campaign_id)
    begin(log, stream, (domain.checked(opened, cause.at),), cause, area=wish.area, correlation_id=opened.campaign_id)
    return opened.campaign_id


def extend(log: EventLog, campaign_id: UUID, until: datetime, reason: str, asker: Asker, cause: Cause) -> Appended:
    """It goes on for longer."""
    words = mask(reason)
    return _change(
        log, campaign_id, "campaign.extended", asker, cause, lambda now: domain.extend(now, until, words, cause.at)
    )


def end(log: EventLog, campaign_id: UUID, summary: str, asker: Asker, cause: Cause) -> Appended:
    """It is over, and this came of it."""
    words = mask(summary)
    return _change(log, campaign_id, "campaign.ended", asker, cause, lambda now: domain.end(now, words, cause.at))


def may(area: Area, event: str, asker: Asker) -> None:
    """Role × area: whether this asker may do this about a campaign there at all. Raises Forbidden."""
    permission.require(asker, roles=MOVES[event][1], action_area=area)


def _change(
    log: EventLog,
    campaign_id: UUID,
    event: str,
    asker: Asker,
    cause: Cause,
    decide: Callable[[Campaign], Iterable[CampaignEvent]],
) -> Appended:
    _, history = load(log, campaign_id)
    may(history[-1].area, event, asker)
    return amend(log, stream_of(campaign_id), evolve, decide, cause)


def _know(book: Rulebook, wish: Wish) -> None:
    """Raises Invalid for a department or a kind of issue that there is not."""
    unknown = [one for one in wish.issue_types if not any(_is_of(code, one) for code in book.issue_types)]
    if unknown:
        raise Invalid(f"there is no issue type {', '.join(unknown)}", where="issue_types")
    if wish.lead not in book.departments:
        raise Invalid(f"there is no department {wish.lead}", where="lead")


def _is_of(code: str, beginning: str) -> bool:
    return code == beginning or code.startswith(f"{beginning}-")
