"""Streams `account-<name>`, written by grid: who may sign in, as what, and where. Never a person's name or phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.contracts.catalogue import event


class SetBy(StrEnum):
    """Who set a password."""

    HOLDER = "holder"
    ADMINISTRATOR = "administrator"
    """A one-time password, to be changed at the next log-in."""


@event("account.created", "account")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated:
    """Somebody may sign in from now on."""

    account: str
    role: str
    area: str | None
    """The subtree they serve; null is everywhere."""
    department: str | None


@event("account.assigned", "account")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAssigned:
    """They serve as something else, or elsewhere, from now on."""

    account: str
    role: str
    area: str | None
    department: str | None


@event("account.password_set", "account")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPasswordSet:
    """There is another password; what it is no event knows."""

    account: str
    by: SetBy


@event("account.locked", "account")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLocked:
    """Too many wrong passwords: nobody signs in with it for a while."""

    account: str
    failures: int
    until: datetime


@event("account.disabled", "account")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDisabled:
    """Nobody signs in with it any more."""

    account: str
    reason: str


@event("account.contact_changed", "account")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountContactChanged:
    """They are reached otherwise from now on; by which number or address no event knows."""

    account: str
    ways: tuple[str, ...]
    """`mail`, `phone`, both or none."""


@event("account.enabled", "account")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEnabled:
    """It may be used again."""

    account: str
