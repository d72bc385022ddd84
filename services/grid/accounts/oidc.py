"""Signing in with the city's identity provider: the code flow with PKCE, and who its people are here.

What a person may do is said by the mapping, a TOML file; the first rule that fits counts:

    account = "preferred_username"      # the claim that names the account; `sub` when it is left out
    name = "name"                       # what colleagues call them

    [[rule]]
    claim = "groups"                    # fits when the claim is this, or holds it
    has = "wuji-dispatchers"
    role = "dispatcher"
    area = "530103"

    [[rule]]
    claim = "groups"
    has = "wuji-departments"
    role = "department"
    area = "530103"
    department = "claim:dept"           # taken from a claim
"""

from __future__ import annotations

import json
import time
import tomllib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from services.grid.accounts.domain import Post, check_post
from services.grid.accounts.keys import asker_of
from shared.config import Config
from shared.kernel.clock import Clock, utc_now
from shared.kernel.errors import Forbidden, Invalid, Unauthenticated, Unavailable
from shared.kernel.wording import Wording
from shared.security.permission import ROLES, Asker
from shared.security.tokens import ALGORITHMS

PREFIX = "sso:"
"""Before the names of accounts that the provider keeps, so that none is taken for one of ours."""
_SECONDS = 10.0
_KEPT_SECONDS = 3600.0
_FROM_CLAIM = "claim:"


@dataclass(frozen=True, slots=True)
class Going:
    """Somebody on the way to the provider, as the browser remembers it until they come back."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the provider vouches for."""

    asker: Asker
    name: str | None
    issuer: str


class Provider:
    """The identity provider, as it describes itself; asked again after an hour."""

    def __init__(self, config: Config, *, clock: Clock = utc_now) -> None:
        self.issuer = str(config.need("WUJI_OIDC_ISSUER")).rstrip("/")
        self._client = str(config.need("WUJI_OIDC_CLIENT_ID"))
        self._secret = config.get("WUJI_OIDC_CLIENT_SECRET")
        self._back = f"{config.public_url}/session/oidc/done"
        self._mapping = Mapped.read(Path(config.need("WUJI_OIDC_MAPPING_FILE")))
        self._clock = clock
        self._described: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._since = 0.0

    def send(self) -> Going:
        """Where the browser is to go. Raises Unavailable when the provider does not answer."""
        verifier, nonce = generate_token(64), generate_token(32)
        session = self._session()
        address, state = session.create_authorization_url(
            self._description()["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )
        return Going(address, state, nonce, verifier)

    def receive(self, code: str, nonce: str, verifier: str) -> Person:
        """Who came back. Raises Unauthenticated when the provider's word does not hold, Forbidden when no rule of the
        mapping fits them, Unavailable."""
        try:
            token = self._session().fetch_token(
                self._description()["token_endpoint"], code=code, code_verifier=verifier, timeout=_SECONDS
            )
        except AuthlibBaseError as error:
            raise Unauthenticated(f"the identity provider refuses: {error.error}") from error
        except requests.RequestException as error:
            raise _silent(self.issuer) from error
        claims = self._checked(str(token.get("id_token", "")), nonce)
        if "userinfo_endpoint" in self._description():
            claims = {**self._more(str(token["access_token"]), claims["sub"]), **claims}
        return self._mapping.person(claims, self.issuer)

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self._client,
            self._secret,
            scope="openid profile email",
            redirect_uri=self._back,
            code_challenge_method="S256",
        )

    def _checked(self, token: str, nonce: str) -> dict[str, Any]:
        rules: dict[str, Any] = {
            "iss": {"essential": True, "value": self._described["issuer"]},
            "aud": {"essential": True, "value": self._client},
            "exp": {"essential": True},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }
        try:
            claims = jwt.decode(token, self._key_set(), algorithms=list(ALGORITHMS)).claims
            JWTClaimsRegistry(now=int(self._clock().timestamp()), leeway=30, **rules).validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Unauthenticated(f"the identity provider's token does not hold ({type(error).__name__})") from error
        return dict(claims)

    def _more(self, access_token: str, subject: str) -> dict[str, Any]:
        """What the provider says besides; about the same person, or it does not count."""
        found = _get(self._described["userinfo_endpoint"], self.issuer, access_token)
        return found if found.get("sub") == subject else {}

    def _description(self) -> dict[str, Any]:
        if not self._described or time.monotonic() - self._since > _KEPT_SECONDS:
            found = _get(f"{self.issuer}/.well-known/openid-configuration", self.issuer)
            if str(found.get("issuer", "")).rstrip("/") != self.issuer:
                raise Invalid(f"{self.issuer} calls itself {found.get('issuer')}", where="WUJI_OIDC_ISSUER")
            self._described, self._keys, self._since = found, None, time.monotonic()
        return self._described

    def _key_set(self) -> KeySet:
        if self._keys is None:
            self._keys = KeySet.import_key_set(cast("Any", _get(self._description()["jwks_uri"], self.issuer)))
        return self._keys


@dataclass(frozen=True, slots=True)
class Mapped:
    """From claims to accounts and posts."""

    account: str
    name: str
    rules: tuple[Mapping[str, str], ...]

    @classmethod
    def read(cls, path: Path) -> Mapped:
        """The file, checked. Raises Invalid saying what is wrong with it."""
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise Invalid(f"{path} cannot be read: {error}", where="WUJI_OIDC_MAPPING_FILE") from error
        rules = tuple(found.get("rule", ()))
        for number, rule in enumerate(rules, 1):
            if not {"claim", "has", "role"} <= rule.keys() or (
                not rule["role"].startswith(_FROM_CLAIM) and rule["role"] not in ROLES
            ):
                raise Invalid(f"{path}: rule {number} needs claim, has, and a role", where="WUJI_OIDC_MAPPING_FILE")
        return cls(str(found.get("account", "sub")), str(found.get("name", "name")), rules)

    def person(self, claims: Mapping[str, Any], issuer: str) -> Person:
        """Who they are here. Raises Forbidden when no rule fits."""
        account = str(claims.get(self.account) or claims["sub"])[:100]
        rule = next((one for one in self.rules if _holds(claims.get(one["claim"]), one["has"])), None)
        if rule is None:
            said = Wording(f"{account} 在本系统没有角色，请联系管理员", f"{account} has no role here")
            raise Forbidden(str(said))
        role, area, department = (_value(rule.get(part), claims) for part in ("role", "area", "department"))
        if role not in ROLES:
            raise Forbidden(f"{role} is no role here")
        post = Post(role, area, department)
        try:
            check_post(post)
        except Invalid as error:
            raise Forbidden(f"{account}: {error}") from error
        name = claims.get(self.name)
        return Person(asker_of(PREFIX + account, post), str(name)[:60] if name else None, issuer)


def kept(going: Going, where: str) -> str:
    """What the browser keeps until it comes back, and where it is to go on."""
    return urlsafe_b64encode(json.dumps([going.state, going.nonce, going.verifier, where]).encode()).decode()


def read_kept(text: str) -> tuple[str, str, str, str]:
    """State, nonce, verifier, and where to go on. Raises Unauthenticated when the browser has kept nothing of it."""
    try:
        state, nonce, verifier, where = json.loads(urlsafe_b64decode(text))
    except ValueError as error:
        said = Wording("登录已中断，请重新登录", "the log-in was interrupted: begin again")
        raise Unauthenticated(str(said)) from error
    return str(state), str(nonce), str(verifier), str(where)


def _holds(value: Any, wanted: str) -> bool:
    return wanted in [str(one) for one in value] if isinstance(value, list) else str(value) == wanted


def _value(given: str | None, claims: Mapping[str, Any]) -> str | None:
    if given is None or not given.startswith(_FROM_CLAIM):
        return given
    found = claims.get(given.removeprefix(_FROM_CLAIM))
    return str(found) if found else None


def _get(address: str, issuer: str, token: str | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = requests.get(address, headers=headers, timeout=_SECONDS)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise _silent(issuer) from error
    return found


def _silent(issuer: str) -> Unavailable:
    return Unavailable(str(Wording(f"身份认证 {issuer} 没有应答", f"the identity provider {issuer} does not answer")))
