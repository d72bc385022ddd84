"""Who may do what: role × area prefix × department, and the tokens that say who is who."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Invalid, Unauthenticated
from shared.security import tokens
from shared.security.permission import ROLES, Asker, require
from shared.security.tokens import Verifier

DISTRICT, STREET, OTHER = Area("530103"), Area("530103.004"), Area("530103.005")
COMMUNITY, NEIGHBOUR = Area("530103.004.012"), Area("530103.0041")
KEY = tokens.new_key()
NOW = datetime(2026, 5, 3, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("serves", "where", "may"),
    [
        (None, DISTRICT, True),
        (None, COMMUNITY, True),
        (DISTRICT, DISTRICT, True),
        (DISTRICT, COMMUNITY, True),
        (STREET, STREET, True),
        (STREET, COMMUNITY, True),
        (STREET, OTHER, False),
        (STREET, DISTRICT, False),
        (STREET, NEIGHBOUR, False),
        (COMMUNITY, STREET, False),
        (Area("530102"), DISTRICT, False),
    ],
)
@pytest.mark.parametrize("role", sorted(ROLES))
def test_an_area_is_served_with_everything_below_it(role: str, serves: Area | None, where: Area, may: bool) -> None:
    asker = Asker("wang", role, serves, "sanitation")

    if may:
        assert require(asker, action_area=where) is asker
    else:
        with pytest.raises(Forbidden, match="outside"):
            require(asker, action_area=where)


@pytest.mark.parametrize(
    ("role", "department", "may"),
    [
        ("department", "sanitation", True),
        ("department", "lighting", False),
        ("department", None, False),
        ("duty_chief", None, True),
        ("dispatcher", "lighting", True),
    ],
)
def test_a_department_acts_on_its_own_tasks_only(role: str, department: str | None, may: bool) -> None:
    asker = Asker("li", role, None, department)

    if may:
        assert require(asker, department="sanitation") is asker
    else:
        with pytest.raises(Forbidden, match="sanitation"):
            require(asker, department="sanitation")


def test_a_role_that_is_not_named_is_refused() -> None:
    with pytest.raises(Forbidden, match="duty_chief"):
        require(Asker("wang", "reader"), roles=("duty_chief",))


def test_nobody_is_not_somebody() -> None:
    with pytest.raises(Unauthenticated):
        require(None)


def test_a_token_names_who_asks() -> None:
    token = tokens.sign(KEY, subject="li", role="department", area=STREET, department="lighting")
    verifier = Verifier.of_key(tokens.public_part(KEY))

    assert verifier.verify(token) == Asker("li", "department", STREET, "lighting")
    assert verifier.verify(token) == Asker("li", "department", STREET, "lighting")


def test_a_token_that_was_believed_once_expires_all_the_same() -> None:
    clock = [NOW]
    verifier = Verifier.of_key(KEY, clock=lambda: clock[0])
    token = tokens.sign(KEY, subject="wang", role="reader", ttl=timedelta(minutes=5), clock=lambda: NOW)
    verifier.verify(token)
    clock[0] = NOW + timedelta(minutes=6)

    with pytest.raises(Unauthenticated, match="expired"):
        verifier.verify(token)


def _forged(claims: dict[str, object], key: ECKey | OctKey | None = None, alg: str = "ES256") -> str:
    signer = key or ECKey.import_key(json.loads(KEY))
    base = {"iss": "wuji", "sub": "wang", "role": "reader", "exp": 4_000_000_000}
    wanted = {name: value for name, value in {**base, **claims}.items() if value is not None}
    return jwt.encode({"alg": alg}, wanted, signer, algorithms=[alg])


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "read"),
        ("a.b.c", "read"),
        ("e30.e30.e30", "read"),
        ("\x00é", "read"),
        ("x" * 5000, "4096"),
        (_forged({}, ECKey.generate_key("P-256")), "signed"),
        (_forged({}, OctKey.import_key("s" * 64), "HS256"), "read"),
        (_forged({"exp": None}), "exp"),
        (_forged({"exp": 1}), "expired"),
        (_forged({"nbf": 4_000_000_000}), "nbf|read"),
        (_forged({"iss": "somebody else"}), "iss"),
        (_forged({"sub": None}), "sub"),
        (_forged({"sub": 7}), "sub"),
        (_forged({"role": "emperor"}), "emperor"),
        (_forged({"role": ["reader"]}), "role"),
        (_forged({"role": "department"}), "department"),
        (_forged({"area": "atlantis"}), "area"),
        (_forged({"area": 530103}), "area"),
        (_forged({"department": 7}), "department"),
    ],
)
def test_what_is_no_token_of_ours_is_nobody_and_says_why(token: str, reason: str) -> None:
    verifier = Verifier.of_key(tokens.public_part(KEY))

    with pytest.raises(Unauthenticated, match=reason):
        verifier.verify(token)


def test_an_issuer_is_believed_by_its_published_keys(tmp_path: Path) -> None:
    key = RSAKey.generate_key(2048, {"kid": "k1"})
    published = tmp_path / "jwks.json"
    published.write_text(json.dumps({"keys": [key.as_dict(private=False)]}), encoding="utf-8")
    claims = {"iss": "https://sso.example", "aud": "wuji", "sub": "wang", "role": "reader", "exp": 4_000_000_000}
    token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, key)
    strangers = jwt.encode({"alg": "RS256", "kid": "k1"}, {**claims, "aud": "other"}, key)
    verifier = Verifier.of_jwks(published, issuer="https://sso.example", audience="wuji")

    assert verifier.verify(token).id == "wang"
    with pytest.raises(Unauthenticated, match="aud"):
        verifier.verify(strangers)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"keys": [{"kty": "?"}]}', "\x00"])
def test_a_file_that_is_no_jwks_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(Invalid, match=r"jwks\.json"):
        Verifier.of_jwks(path)


@pytest.mark.parametrize("key", ["", "{}", "not json", '{"kty":"oct","k":"c2VjcmV0"}'])
def test_a_key_that_is_none_is_named_without_being_shown(key: str) -> None:
    with pytest.raises(Invalid, match="EC key") as caught:
        Verifier.of_key(key)

    assert "c2VjcmV0" not in str(caught.value)


def test_signing_needs_a_private_key_and_a_known_role() -> None:
    with pytest.raises(Invalid, match="private"):
        tokens.sign(tokens.public_part(KEY), subject="wang", role="reader")
    with pytest.raises(Invalid, match="emperor"):
        tokens.sign(KEY, subject="wang", role="emperor")
    with pytest.raises(Invalid, match="department"):
        tokens.sign(KEY, subject="wang", role="department")
