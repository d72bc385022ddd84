"""The rules of an account: what it is called, what it may be, when it lets somebody in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from shared.contracts.account import (
    AccountAssigned,
    AccountContactChanged,
    AccountCreated,
    AccountDisabled,
    AccountEnabled,
    AccountLocked,
    AccountPasswordSet,
    SetBy,
)
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, Refused
from shared.kernel.wording import Wording

AccountEvent = (
    AccountCreated
    | AccountAssigned
    | AccountPasswordSet
    | AccountLocked
    | AccountDisabled
    | AccountEnabled
    | AccountContactChanged
)

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")
LOCKED_AFTER = 5
"""Wrong passwords in a row."""
LOCKED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody is when they sign in."""

    role: str
    area: str | None
    department: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it is known now."""

    name: str
    post: Post
    is_enabled: bool = True


def evolve(account: Account | None, event: AccountEvent) -> Account:
    """What the event makes of it."""
    match event:
        case AccountCreated():
            return Account(event.account, Post(event.role, event.area, event.department))
        case AccountAssigned():
            return replace(_known(account), post=Post(event.role, event.area, event.department))
        case AccountDisabled():
            return replace(_known(account), is_enabled=False)
        case AccountEnabled():
            return replace(_known(account), is_enabled=True)
        case AccountPasswordSet() | AccountLocked() | AccountContactChanged():
            return _known(account)
        case _:
            assert_never(event)


def create(account: Account | None, name: str, post: Post) -> AccountCreated:
    """A new account. Raises Refused `account.exists`, Invalid for a name or a post that will not do."""
    if not NAME.fullmatch(name):
        said = Wording(
            "账号为 2 到 63 个小写字母、数字、点、横线，宜用工号，不用姓名或电话",
            "an account has 2 to 63 lower-case letters, digits, dots and dashes: a staff number, never a name or phone",
        )
        raise Invalid(str(said), where="account")
    if account is not None:
        raise Refused(
            str(Wording(f"账号 {name} 已存在", f"there is an account {name} already")),
            rule="account.exists",
            where="account",
        )
    check_post(post)
    return AccountCreated(account=name, role=post.role, area=post.area, department=post.department)


def assign(account: Account, post: Post) -> tuple[AccountAssigned, ...]:
    """Something else, or elsewhere; the same again changes nothing."""
    if account.post == post:
        return ()
    check_post(post)
    return (AccountAssigned(account=account.name, role=post.role, area=post.area, department=post.department),)


def set_password(account: Account, by: SetBy) -> tuple[AccountPasswordSet, ...]:
    """There is another password."""
    return (AccountPasswordSet(account=account.name, by=by),)


def change_contact(account: Account, contact: Mapping[str, str]) -> tuple[AccountContactChanged, ...]:
    """They are reached otherwise; which number or address it is stays out of it."""
    return (AccountContactChanged(account=account.name, ways=tuple(sorted(contact))),)


def disable(account: Account, reason: str) -> tuple[AccountDisabled, ...]:
    """Nobody signs in any more; again changes nothing."""
    return (AccountDisabled(account=account.name, reason=reason),) if account.is_enabled else ()


def enable(account: Account) -> tuple[AccountEnabled, ...]:
    """It may be used again; again changes nothing."""
    return () if account.is_enabled else (AccountEnabled(account=account.name),)


def lock(account: Account, failures: int, at: datetime) -> tuple[AccountLocked, ...]:
    """Too many wrong passwords."""
    return (AccountLocked(account=account.name, failures=failures, until=at + LOCKED_FOR),)


def check_post(post: Post) -> None:
    """Raises Invalid when nobody can be that."""
    if post.role == "department" and not post.department:
        said = Wording("部门经办人需要部门代码", "a department's clerk needs a department")
        raise Invalid(str(said), where="department")
    if post.area is not None:
        Area.parse(post.area)


def _known(account: Account | None) -> Account:
    return account or Account("", Post("reader", None, None))
