"""One function per command: accounts are made, changed, disabled; passwords are set."""

from __future__ import annotations

from services.grid.accounts import domain, keys, passwords
from services.grid.accounts.domain import Account, Post
from shared.contracts.account import SetBy
from shared.contracts.envelope import Actor
from shared.handling import Cause, amend, begin, fold
from shared.kernel.area import Area
from shared.kernel.errors import NotFound, Refused
from shared.kernel.ids import derived_id
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog, Rows

NOWHERE = Area("000000")
"""Where an account is that serves everywhere: no subtree holds it."""


def create(log: EventLog, name: str, post: Post, cause: Cause, *, called: str | None) -> str:
    """A new account; its one-time password, which is nowhere else. Raises Refused `account.exists`, Invalid."""
    made = domain.create(load(log, name), name, post)
    password = passwords.one_time()
    begin(
        log,
        stream(name),
        [made],
        cause,
        area=Area.parse(post.area) if post.area else NOWHERE,
        correlation_id=derived_id("account", name),
        companions=(keys.stored(name, passwords.hashed(password), cause.at, must_change=True, name=called),),
    )
    return password


def assign(log: EventLog, rows: Rows, name: str, post: Post, cause: Cause) -> Appended:
    """They serve as something else, or elsewhere; every browser of theirs has to sign in again."""
    done = amend(log, stream(name), domain.evolve, lambda account: domain.assign(account, post), cause)
    keys.close_sessions(rows, name)
    return done


def disable(log: EventLog, rows: Rows, name: str, cause: Cause, *, reason: str) -> Appended:
    """Nobody signs in any more, and who is signed in is out: at once here, seconds later everywhere."""
    done = amend(log, stream(name), domain.evolve, lambda account: domain.disable(account, mask(reason)), cause)
    keys.close_sessions(rows, name)
    return done


def enable(log: EventLog, name: str, cause: Cause) -> Appended:
    """It may be used again."""
    return amend(log, stream(name), domain.evolve, domain.enable, cause)


def reset_password(log: EventLog, rows: Rows, name: str, cause: Cause) -> str:
    """Another one-time password; every browser of theirs has to sign in again."""
    password = passwords.one_time()
    set_password(log, name, password, SetBy.ADMINISTRATOR, cause)
    keys.close_sessions(rows, name)
    return password


def change_password(log: EventLog, rows: Rows, name: str, new: str, cause: Cause) -> None:
    """The holder sets another one. Raises Invalid with the rule that it breaks."""
    passwords.check_rules(new, name)
    key = keys.find(rows, name)
    if key is not None and passwords.is_right(new, key.hash):
        said = Wording("新密码与旧密码相同", "the new password is the old one")
        raise Refused(str(said), rule="account.same_password", where="password")
    set_password(log, name, new, SetBy.HOLDER, cause)
    keys.close_sessions(rows, name)


def lock(log: EventLog, name: str, cause: Cause) -> Appended:
    """Too many wrong passwords: the log is told."""
    return amend(
        log,
        stream(name),
        domain.evolve,
        lambda account: domain.lock(account, domain.LOCKED_AFTER, cause.at),
        Cause(actor=Actor.service("grid"), at=cause.at, traceparent=cause.traceparent),
    )


def load(log: EventLog, name: str) -> Account | None:
    """The account as the log knows it."""
    return fold(log.stream(stream(name)), domain.evolve)


def stream(name: str) -> str:
    return f"account-{name}"


def set_password(log: EventLog, name: str, password: str, by: SetBy, cause: Cause) -> None:
    """The password is this one from now on. Raises NotFound."""
    if load(log, name) is None:
        raise NotFound(str(Wording(f"没有账号 {name}", f"there is no account {name}")), where="account")
    kept = keys.stored(name, passwords.hashed(password), cause.at, must_change=by is SetBy.ADMINISTRATOR)
    amend(
        log,
        stream(name),
        domain.evolve,
        lambda account: domain.set_password(account, by),
        cause,
        companions=(kept,),
    )
