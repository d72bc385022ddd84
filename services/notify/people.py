"""Whom a letter to a post reaches: the colleagues who hold it at that instant, each by name, and the post itself.

Colleagues have an inbox, whoever else can be reached. By a number or mailbox of their own they hear where they left
one; where nobody did, the city's gateway hears of the post as it always has, and knows who that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Protocol

from services.notify.domain import INBOX, Recipient
from shared.contracts.appointment import Post
from shared.contracts.notice import RecipientKind
from shared.kernel.area import Area, Tier
from shared.ports import Rows

DESK = "desk"
"""Who is addressed at a centre where nobody holds a post."""
CHIEF = "chief"
"""Whoever is in charge of a centre, whatever their post is called there."""
IN_CHARGE: Mapping[Tier, tuple[str, ...]] = {
    Tier.DISTRICT: (Post.CENTRE_CHIEF, Post.DISTRICT_INSPECTOR),
    Tier.STREET: (Post.CENTRE_CHIEF, Post.STREET_SUPERVISOR),
    Tier.COMMUNITY: (Post.CENTRE_CHIEF, Post.GRID_LEAD, Post.GRID_WORKER),
}
ROLES: Mapping[str, tuple[str, ...]] = {
    DESK: ("duty_chief", "dispatcher"),
    Post.CENTRE_CHIEF: ("duty_chief",),
    Post.DISTRICT_INSPECTOR: ("duty_chief",),
    Post.STREET_SUPERVISOR: ("duty_chief", "supervisor"),
    Post.GRID_LEAD: ("grid_worker",),
    Post.GRID_WORKER: ("grid_worker",),
}
"""Post → the roles of accounts that do its work, where nobody who holds it has an account."""
CARRIED = {"smtp": frozenset({"mail"}), "http": frozenset({"mail", "phone"}), "outbox": frozenset({"mail", "phone"})}
"""Channel → the ways of reaching somebody that it knows."""
SSO = "sso:"
"""How accounts of the city's identity provider begin; they are known only when they sign in."""
_CIVIL = timezone(timedelta(hours=8))

_HOLDERS = """
SELECT post, person FROM posts
WHERE area = %(area)s AND since <= %(day)s AND (until IS NULL OR until >= %(day)s)
ORDER BY since, appointment_id
"""
_ACCOUNTS = "SELECT account, ways FROM accounts WHERE account = ANY(%(names)s) AND is_enabled ORDER BY account"
_BY_ROLE = """
SELECT account, ways FROM accounts WHERE area = %(area)s AND role = ANY(%(roles)s) AND is_enabled ORDER BY account
"""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody with an account."""

    account: str
    ways: frozenset[str] = frozenset()
    """`mail` and `phone`, as far as they left them."""

    def channel(self, usual: str) -> str:
        """The usual channel where it has a way to them, else their inbox alone."""
        return usual if self.ways & CARRIED.get(usual, frozenset()) else INBOX


class Directory(Protocol):
    """Who stands where."""

    def holders(self, area: Area, at: datetime) -> Mapping[str, tuple[str, ...]]:
        """Post → the people who hold it at the instant in this very area."""

    def colleagues(self, names: Iterable[str]) -> tuple[Colleague, ...]:
        """Those of them who have an account that is not disabled."""

    def of_role(self, roles: tuple[str, ...], area: Area) -> tuple[Colleague, ...]:
        """Accounts with such a role for this very area."""


@dataclass(frozen=True, slots=True)
class ProjectedDirectory:
    """The directory in notify's own tables."""

    rows: Rows

    def holders(self, area: Area, at: datetime) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for row in self.rows.query(_HOLDERS, {"area": area.path, "day": at.astimezone(_CIVIL).date()}):
            found[row["post"]] = (*found.get(row["post"], ()), row["person"])
        return found

    def colleagues(self, names: Iterable[str]) -> tuple[Colleague, ...]:
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return ()
        known = _colleagues(self.rows.query(_ACCOUNTS, {"names": wanted}))
        return (*known, *(Colleague(name) for name in wanted if name.startswith(SSO)))

    def of_role(self, roles: tuple[str, ...], area: Area) -> tuple[Colleague, ...]:
        return _colleagues(self.rows.query(_BY_ROLE, {"roles": list(roles), "area": area.path}))


def _colleagues(rows: Iterable[Mapping[str, object]]) -> tuple[Colleague, ...]:
    return tuple(Colleague(str(row["account"]), frozenset(row["ways"])) for row in rows)  # type: ignore[call-overload]


def to_post(
    book: Directory, post: str, area: Area, at: datetime, values: Mapping[str, str], usual: str
) -> list[Recipient]:
    """Everybody who is to hear what a post is told: its holders, and the gateway unless one of them hears directly.

    `post` is one of the appointments', `desk` or `chief`.
    """
    held = book.holders(area, at)
    named = _in_charge(area, held) if post == CHIEF else post
    people = book.colleagues(held.get(named, ())) or book.of_role(ROLES.get(named, ()), area)
    return to_people(people, f"{named}@{area.path}", values, usual)


def to_people(people: Iterable[Colleague], name: str, values: Mapping[str, str], usual: str) -> list[Recipient]:
    """These people, and under the name the gateway, unless one of them hears directly."""
    found = [
        Recipient(RecipientKind.PERSON, one.account, {**values, "post": name}, channel=one.channel(usual))
        for one in people
    ]
    if any(one.channel != INBOX for one in found):
        return found
    return [*found, Recipient(RecipientKind.POST, name, values)]


def to_person(book: Directory, account: str, values: Mapping[str, str], usual: str) -> list[Recipient]:
    """One colleague; nobody when the name has no account."""
    return [
        Recipient(RecipientKind.PERSON, one.account, {**values, "post": one.account}, channel=one.channel(usual))
        for one in book.colleagues([account])
    ]


def _in_charge(area: Area, held: Mapping[str, tuple[str, ...]]) -> str:
    return next((str(post) for post in IN_CHARGE.get(area.tier, ()) if held.get(post)), DESK)
