"""Signing in with a password: the same answer for every kind of wrong, counted by account and by address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.grid.accounts import handlers, keys, passwords
from shared.contracts.envelope import Actor
from shared.handling import Cause
from shared.kernel.errors import Forbidden
from shared.kernel.wording import Wording
from shared.ports import EventLog, Rows
from shared.security.permission import Asker

Check = Callable[[str, str | None], bool]
WRONG = Wording(
    "账号或密码不正确，或账号已停用、暂时锁定（连续输错 5 次锁定 15 分钟）",
    "the account or the password is wrong, or the account is disabled or locked (15 minutes after 5 wrong passwords)",
)
BARRED = Wording(
    "此网络地址输错次数过多，请 15 分钟后再试",
    "too many wrong passwords came from this address: try again in 15 minutes",
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who knew the password."""

    asker: Asker
    name: str | None
    must_change: bool


def sign_in(
    log: EventLog,
    rows: Rows,
    account: str,
    password: str,
    *,
    address: str,
    at: datetime,
    check: Check = passwords.is_right,
) -> SignedIn:
    """Who it is. Raises Forbidden, in the same words and after the same time whatever was wrong."""
    if keys.is_barred(rows, address, at):
        raise Forbidden(str(BARRED))
    key = keys.find(rows, account)
    is_right = check(password, None if key is None else key.hash)
    known = handlers.load(log, account)
    if key is None or known is None or not is_right or not known.is_enabled or key.is_locked(at):
        _count(log, rows, key, address, at, is_right=is_right)
        raise Forbidden(str(WRONG))
    keys.count_success(rows, account, at)
    return SignedIn(keys.asker_of(account, known.post), key.name, key.must_change)


def _count(log: EventLog, rows: Rows, key: keys.Key | None, address: str, at: datetime, *, is_right: bool) -> None:
    keys.count_failure_of_address(rows, address, at)
    if key is None or is_right or key.is_locked(at):
        return
    if keys.count_failure(rows, key.account, at):
        handlers.lock(log, key.account, Cause(actor=Actor.service("grid"), at=at))
