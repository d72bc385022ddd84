"""Bearer tokens (JWT): made with the municipality's own key, or by an issuer whose public keys (JWKS) we hold.

Claims: `sub` the account, `role`, `area` (a path; absent means everywhere), `department`, `exp`.

Tokens of subscribers are signed by a key of their own, which no token of the staff is believed by: whoever makes them
cannot make anything else, and only processes that know that key let subscribers in. They also carry `subscription`.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode
from collections import OrderedDict
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ClaimError,
    ExpiredTokenError,
    JoseError,
    MissingClaimError,
)
from joserfc.jwk import ECKey, KeySet
from joserfc.jwt import JWTClaimsRegistry

from shared.kernel.area import Area
from shared.kernel.clock import Clock, utc_now
from shared.kernel.errors import Invalid, Unauthenticated
from shared.security.permission import ROLES, Asker

ISSUER = "wuji"
ALGORITHMS = ("ES256", "ES384", "EdDSA", "Ed25519", "RS256", "PS256")
"""Signatures we accept; `none` and shared secrets are not among them, so a public key can never pass for a secret."""
_LEEWAY_SECONDS = 30
_REMEMBERED = 1024
_LONGEST = 4096


def new_key() -> str:
    """A new private signing key (P-256) as JWK JSON."""
    return json.dumps(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True))


def public_part(key: str) -> str:
    """The public half of a private JWK, fit for every process that only verifies."""
    return json.dumps(_private(key).as_dict(private=False))


_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SUBSCRIBER = "subscriber"


def subscriber_key(secret: bytes) -> str:
    """The private JWK that signs the tokens of subscribers: always the same for the same secret."""
    number = int.from_bytes(hmac.digest(secret, b"tokens of subscribers", "sha512")) % (_P256_ORDER - 1) + 1
    private = ec.derive_private_key(number, ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    found = ECKey.import_key(pem)
    return json.dumps({**found.as_dict(private=True), "kid": found.thumbprint()})


def sign_subscriber(
    key: str, *, subject: str, subscription: str, department: str | None, ttl: timedelta, clock: Clock = utc_now
) -> str:
    """A token that reads one subscription and nothing else. `key` is that of `subscriber_key`."""
    now = int(clock().timestamp())
    claims: dict[str, Any] = {"iss": ISSUER, "sub": subject, "role": SUBSCRIBER, "subscription": subscription}
    claims |= {"iat": now, "exp": now + int(ttl.total_seconds())}
    if department is not None:
        claims["department"] = department
    signer = _private(key)
    return jwt.encode({"alg": "ES256", "kid": signer.kid}, claims, signer)


def sign(
    key: str,
    *,
    subject: str,
    role: str,
    area: Area | None = None,
    department: str | None = None,
    ttl: timedelta = timedelta(hours=12),
    clock: Clock = utc_now,
) -> str:
    """A token for somebody. `key` is the private JWK. Raises Invalid for an unknown role or a key that is none."""
    if role not in ROLES:
        raise Invalid(f"there is no role {role!r}", where="role", hint=f"one of {', '.join(sorted(ROLES))}")
    if role == SUBSCRIBER:
        raise Invalid("a subscriber's token belongs to a subscription", where="role", hint="wuji sub rights <name>")
    if role == "department" and not department:
        raise Invalid("somebody of role department needs a department", where="department")
    signer = _private(key)
    now = int(clock().timestamp())
    claims: dict[str, Any] = {"iss": ISSUER, "sub": subject, "role": role, "iat": now}
    claims["exp"] = now + int(ttl.total_seconds())
    if area is not None:
        claims["area"] = area.path
    if department is not None:
        claims["department"] = department
    return jwt.encode({"alg": "ES256", "kid": signer.kid}, claims, signer)


class Verifier:
    """Turns a token into an Asker; every failure is Unauthenticated and says why."""

    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str | None = ISSUER,
        audience: str | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._keys = keys
        self._subscribers: ECKey | None = None
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        # A signature costs more than the rest of a small request, and the same token comes again and again.
        self._verified: OrderedDict[str, tuple[Asker, float]] = OrderedDict()

    @classmethod
    def of_key(cls, key: str, *, clock: Clock = utc_now) -> Verifier:
        """Trusts one JWK, private or public: the municipality's own."""
        return cls(KeySet([_key(key)]), clock=clock)

    @classmethod
    def of_jwks(
        cls, path: Path, *, issuer: str | None = None, audience: str | None = None, clock: Clock = utc_now
    ) -> Verifier:
        """Trusts the keys of a JWKS file, as an identity provider publishes it. Raises Invalid when it is none."""
        try:
            keys = KeySet.import_key_set(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
            raise Invalid(
                f"{path} is no readable JWKS file: {error}",
                where="WUJI_JWKS_FILE",
                hint="save the issuer's jwks_uri there",
            ) from error
        return cls(keys, issuer=issuer, audience=audience, clock=clock)

    def trust_subscribers(self, key: str) -> None:
        """Also let subscribers in, whose tokens the key of `subscriber_key` has signed."""
        self._subscribers = _key(key)

    def verify(self, token: str) -> Asker:
        """The asker that the token names. Raises Unauthenticated with the reason."""
        now = self._clock().timestamp()
        known = self._verified.get(token)
        if known is not None and now < known[1]:
            return known[0]
        claims = self._claims(token, now)
        asker = asker_of(claims)
        self._verified[token] = (asker, float(claims["exp"]))
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)
        return asker

    def _claims(self, token: str, now: float) -> dict[str, Any]:
        if len(token) > _LONGEST:
            raise Unauthenticated(f"the token has {len(token)} characters; at most {_LONGEST} are read")
        rules: dict[str, Any] = {"exp": {"essential": True}, "sub": {"essential": True}, "role": {"essential": True}}
        if (signer := self._subscriber(token)) is not None:
            rules |= {"iss": {"essential": True, "value": ISSUER}, "role": {"essential": True, "value": SUBSCRIBER}}
            return self._checked(token, KeySet([signer]), rules, now)
        if self._issuer is not None:
            rules["iss"] = {"essential": True, "value": self._issuer}
        if self._audience is not None:
            rules["aud"] = {"essential": True, "value": self._audience}
        claims = self._checked(token, self._keys, rules, now)
        if claims["role"] == SUBSCRIBER:
            raise Unauthenticated("a subscriber's token is signed by the key of subscribers, or not believed here")
        return claims

    def _subscriber(self, token: str) -> ECKey | None:
        """The subscribers' key, when the token says that it was signed by it; the signature is still to be checked."""
        if self._subscribers is None:
            return None
        try:
            header = json.loads(urlsafe_b64decode(token.partition(".")[0] + "=="))
        except ValueError:
            return None
        named = isinstance(header, dict) and header.get("kid") == self._subscribers.kid
        return self._subscribers if named else None

    @staticmethod
    def _checked(token: str, keys: KeySet, rules: dict[str, Any], now: float) -> dict[str, Any]:
        try:
            claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
            JWTClaimsRegistry(now=int(now), leeway=_LEEWAY_SECONDS, **rules).validate(claims)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise _reason(error) from error
        return dict(claims)


def _reason(error: Exception) -> Unauthenticated:
    """Why a token is not believed, without telling a forger more than that."""
    match error:
        case ExpiredTokenError():
            return Unauthenticated("the token has expired", hint="sign in again, or make one with wuji token")
        case BadSignatureError():
            return Unauthenticated("the token was not signed by a key we trust")
        case MissingClaimError():
            return Unauthenticated(f"the token lacks the claim {error.claim!r}")
        case ClaimError():
            return Unauthenticated(f"the token's claim {error.claim!r} is not right")
        case _:
            return Unauthenticated(f"this is no token that we can read ({type(error).__name__})")


def asker_of(claims: dict[str, Any]) -> Asker:
    """Who a token's checked claims name. Raises Unauthenticated when they name nobody that we know."""
    subject, role = claims["sub"], claims["role"]
    area, department = claims.get("area"), claims.get("department")
    if not (isinstance(subject, str) and 0 < len(subject) <= 200):
        raise Unauthenticated("the token's sub is not an account name")
    if not isinstance(role, str) or role not in ROLES:
        raise Unauthenticated(f"the token's role {str(role)[:40]!r} is none of ours")
    if department is not None and not isinstance(department, str):
        raise Unauthenticated("the token's department is not a text")
    if role == "department" and not department:
        raise Unauthenticated("the token is for a department but names none")
    if role == SUBSCRIBER:
        return Asker(subject, role, None, department, _subscription(claims))
    if area is None or area == "":
        return Asker(subject, role, None, department)
    return Asker(subject, role, _area(area), department)


def _subscription(claims: dict[str, Any]) -> str:
    found = claims.get("subscription")
    if not isinstance(found, str):
        raise Unauthenticated("the token is for a subscriber but names no subscription")
    return found


def _area(area: object) -> Area:
    if not isinstance(area, str):
        raise Unauthenticated("the token's area is not a text")
    try:
        return Area.parse(area)
    except Invalid as error:
        raise Unauthenticated(f"the token's area is wrong: {error}") from error


def _key(key: str) -> ECKey:
    try:
        return ECKey.import_key(json.loads(key))
    except (ValueError, KeyError, TypeError, JoseError) as error:
        raise Invalid(
            f"the token key is no EC key in JWK form: {type(error).__name__}",
            where="WUJI_TOKEN_KEY",
            hint='{"kty":"EC","crv":"P-256",…}; wuji makes one at set-up',
        ) from error


def _private(key: str) -> ECKey:
    found = _key(key)
    if not found.is_private:
        raise Invalid("signing needs the private token key; this one is public", where="WUJI_TOKEN_KEY")
    return found
