"""Accounts, passwords and sessions: who is let in, and what never leaves the room."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.grid.accounts import contacts, domain, handlers, passwords
from services.grid.accounts.contact_schemas import ContactBody, ContactForm
from services.grid.accounts.domain import Post
from services.grid.accounts.oidc import Mapped
from shared.contracts.account import AccountContactChanged, SetBy
from shared.contracts.envelope import Actor
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Invalid, NotFound, Refused, Unauthenticated
from shared.security import sessions, tokens
from shared.security.permission import Asker
from shared.security.sealing import Sealer
from shared.web import cookies
from tests.support.memory import MemoryLog

AT = datetime(2026, 5, 3, 9, tzinfo=UTC)
CAUSE = Cause(actor=Actor("operator", "operator"), at=AT)
DISPATCHER = Post("dispatcher", "530103", None)
KEY = tokens.new_key()


def test_an_account_is_created_with_a_one_time_password_that_no_event_holds() -> None:
    log = MemoryLog("grid")
    password = handlers.create(log, "p0317", DISPATCHER, CAUSE, called="小李")
    history = log.stream("account-p0317")

    assert handlers.load(log, "p0317") == domain.Account("p0317", DISPATCHER)
    assert len(password) == 19
    assert password not in str(history)
    assert "小李" not in str(history)


def test_the_same_account_is_not_created_twice() -> None:
    log = MemoryLog("grid")
    handlers.create(log, "p0317", DISPATCHER, CAUSE, called=None)

    with pytest.raises(Refused, match="p0317"):
        handlers.create(log, "p0317", DISPATCHER, CAUSE, called=None)


@pytest.mark.parametrize("name", ["李小明", "A1", "x", "with space", "-dash", "a" * 64])
def test_an_account_is_called_by_a_number_and_not_by_a_name(name: str) -> None:
    with pytest.raises(Invalid):
        domain.create(None, name, DISPATCHER)


def test_a_clerk_of_no_department_is_none() -> None:
    with pytest.raises(Invalid, match="department"):
        domain.create(None, "p0317", Post("department", "530103", None))


def test_disabling_twice_changes_nothing() -> None:
    account = domain.Account("p0317", DISPATCHER)
    (event,) = domain.disable(account, "moved away")
    disabled = domain.evolve(account, event)

    assert not disabled.is_enabled
    assert domain.disable(disabled, "again") == ()
    assert domain.evolve(disabled, domain.enable(disabled)[0]).is_enabled


def test_an_account_is_known_by_the_same_post_after_its_password_was_set_and_locked() -> None:
    account = domain.Account("p0317", DISPATCHER)
    for event in (*domain.set_password(account, SetBy.HOLDER), *domain.lock(account, 5, AT)):
        assert domain.evolve(account, event) == account


@pytest.mark.parametrize(
    "password", ["short", "alllowercase1", "Password-2026", "P0317-kunming-x", "aA1-aA1-aA1-", "x" * 201]
)
def test_a_password_that_others_would_try_is_refused_with_the_rule(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.check_rules(password, "p0317")

    assert "password" in refused.value.errors


@pytest.mark.parametrize("password", ["Kunming-2026", "滇池Sunset77", "correct horse battery staple"])
def test_a_good_password_is_taken_and_known_again(password: str) -> None:
    passwords.check_rules(password, "p0317")
    kept = passwords.hashed(password)

    assert kept.startswith("$argon2id$")
    assert passwords.is_right(password, kept)
    assert not passwords.is_right(password + "x", kept)
    assert not passwords.is_right(password, None)


def test_a_session_says_who_it_is_until_it_ends() -> None:
    asker = Asker("p0317", "dispatcher", Area("530103.001"))
    cookie = sessions.sign(KEY, asker, csrf="form", name="小李", clock=lambda: AT)
    reader = sessions.Sessions(tokens.public_part(KEY), clock=lambda: AT)
    later = sessions.Sessions(tokens.public_part(KEY), clock=lambda: AT + timedelta(minutes=31))

    assert reader.read(cookie).asker == asker
    assert reader.read(cookie).allows("form")
    assert not reader.read(cookie).allows("other")
    assert not reader.read(cookie).allows(None)
    with pytest.raises(Unauthenticated):
        later.read(cookie)


def test_a_bearer_token_is_no_session_and_a_strangers_cookie_neither() -> None:
    reader = sessions.Sessions(tokens.public_part(KEY))
    bearer = tokens.sign(KEY, subject="p0317", role="dispatcher")
    strange = sessions.sign(tokens.new_key(), Asker("p0317", "operator"), csrf="x", name=None)

    for cookie in (bearer, strange, "", "x.y.z"):
        with pytest.raises(Unauthenticated):
            reader.read(cookie)


def test_cookies_are_read_with_suspicion() -> None:
    assert cookies.read('a=1; b="2"; a=3; broken; c d=4; e=') == {"a": "1", "b": "2", "e": ""}
    assert "HttpOnly" in cookies.write("a", "1", secure=True)
    assert "Secure" in cookies.write("a", "1", secure=True)
    assert "Max-Age=0" in cookies.forget("a", secure=False)


def test_whoever_fits_no_rule_of_the_mapping_is_not_let_in() -> None:
    mapped = Mapped("sub", "name", ({"claim": "groups", "has": "clerks", "role": "claim:role", "area": "530103"},))

    assert mapped.person({"sub": "7", "groups": ["clerks"], "role": "reader"}, "x").asker.id == "sso:7"
    for claims in ({"sub": "7"}, {"sub": "7", "groups": "other"}, {"sub": "7", "groups": "clerks", "role": "king"}):
        with pytest.raises(Forbidden):
            mapped.person(claims, "x")


def test_where_somebody_is_reached_is_sealed_and_in_no_event() -> None:
    log, sealer = MemoryLog("grid"), Sealer(os.urandom(32))
    handlers.create(log, "p0317", DISPATCHER, CAUSE, called=None)
    contacts.change(log, sealer, "p0317", {"phone": "13888886666"}, CAUSE)
    account, box, wrapped, sealed, _ = log.companions[-1].row

    assert log.stream("account-p0317")[-1].event == AccountContactChanged(account="p0317", ways=("phone",))
    assert "13888886666" not in str((log.events, log.companions))
    assert account == "p0317"
    assert sealer.box(UUID(box), wrapped).open("contact", sealed) == {"phone": "13888886666"}


def test_a_contact_that_is_taken_away_takes_its_key_along() -> None:
    log = MemoryLog("grid")
    handlers.create(log, "p0317", DISPATCHER, CAUSE, called=None)
    contacts.change(log, Sealer(os.urandom(32)), "p0317", {}, CAUSE)

    assert log.stream("account-p0317")[-1].event.ways == ()
    assert log.companions[-1].row[2:4] == (None, None)


def test_nobody_is_reached_by_an_account_that_does_not_exist() -> None:
    with pytest.raises(NotFound, match="p0317"):
        contacts.change(MemoryLog("grid"), Sealer(os.urandom(32)), "p0317", {}, CAUSE)


@pytest.mark.parametrize(
    ("given", "is_good"),
    [
        ({"phone": "13888886666", "mail": ""}, True),
        ({"phone": "", "mail": "p0317@example.gov.cn"}, True),
        ({}, True),
        ({"phone": "call me"}, False),
        ({"phone": "13888886666\n1"}, False),
        ({"mail": "p0317"}, False),
        ({"mail": "a@b.cn\nBcc: c@d.cn"}, False),
    ],
)
def test_a_holder_says_where_they_are_reached_and_nothing_else_gets_in(given: dict[str, str], is_good: bool) -> None:
    assert (ContactForm().validate(given) == {}) is is_good
    assert (ContactBody().validate({name: said or None for name, said in given.items()}) == {}) is is_good
