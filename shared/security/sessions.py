"""Somebody at a browser: a signed cookie that every service can check alone, and the token that proves a form is ours.

The cookie is short-lived; grid, which keeps the accounts, renews it. It is signed with the municipality's token key and
says `use: session`, so that a bearer token in the wrong place is no session and carries no rights there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jwt import JWTClaimsRegistry

from shared.kernel.clock import Clock, utc_now
from shared.kernel.errors import Unauthenticated
from shared.security.permission import Asker
from shared.security.tokens import ISSUER, asker_of

COOKIE = "wuji_session"
RENEWAL_COOKIE = "wuji_renewal"
"""A secret that only grid reads; what it stands for is kept there."""
USE = "session"
CHANGE = "change"
"""The use of a cookie that only lets its holder set a password."""
LIFETIME = timedelta(minutes=30)
_REMEMBERED = 2048
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody at one browser, as the cookie says."""

    asker: Asker
    csrf: str
    """What every form of this browser sends along."""
    name: str | None
    """What colleagues call them; for their own eyes."""
    expires_at: datetime
    must_change: bool = False
    """They signed in with a one-time password and may do nothing before they have set their own."""

    def allows(self, shown: str | None) -> bool:
        """Whether a form or call carries the right token."""
        return shown is not None and hmac.compare_digest(self.csrf.encode(), shown.encode("utf-8", "replace"))


def csrf_of(renewal: str) -> str:
    """The form token of a browser: the same as long as its session lasts, and no way back to the secret."""
    return urlsafe_b64encode(hashlib.sha256(b"form:" + renewal.encode()).digest()[:18]).decode()


def sign(
    key: str, asker: Asker, *, csrf: str, name: str | None, must_change: bool = False, clock: Clock = utc_now
) -> str:
    """The cookie's value. `key` is the private JWK."""
    now = int(clock().timestamp())
    claims: dict[str, Any] = {"iss": ISSUER, "sub": asker.id, "role": asker.role, "iat": now, "csrf": csrf}
    claims |= {"exp": now + int(LIFETIME.total_seconds()), "use": CHANGE if must_change else USE}
    given = {"area": asker.area and asker.area.path, "department": asker.department, "name": name}
    claims |= {claim: value for claim, value in given.items() if value}
    signer = ECKey.import_key(json.loads(key))
    return jwt.encode({"alg": "ES256", "kid": signer.kid}, claims, signer)


class Sessions:
    """Reads session cookies with the public key."""

    def __init__(self, public_key: str, *, clock: Clock = utc_now) -> None:
        self._keys = KeySet([ECKey.import_key(json.loads(public_key))])
        self._clock = clock
        # A signature costs more than the rest of a small request, and the same cookie comes again and again.
        self._verified: OrderedDict[str, Session] = OrderedDict()

    def read(self, cookie: str) -> Session:
        """The session. Raises Unauthenticated when it has expired, or is none of ours."""
        now = self._clock()
        found = self._verified.get(cookie)
        if found is None:
            found = self._read(cookie, now)
            self._verified[cookie] = found
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        if now >= found.expires_at:
            raise Unauthenticated("the session has expired", hint="sign in again")
        return found

    def _read(self, cookie: str, now: datetime) -> Session:
        if len(cookie) > _LONGEST:
            raise Unauthenticated("this is no session of ours")
        uses: dict[str, Any] = {"use": {"essential": True, "values": [USE, CHANGE]}, "csrf": {"essential": True}}
        rules: dict[str, Any] = {"iss": {"essential": True, "value": ISSUER}, "exp": {"essential": True}, **uses}
        try:
            claims = jwt.decode(cookie, self._keys, algorithms=["ES256"]).claims
            JWTClaimsRegistry(now=int(now.timestamp()), leeway=0, **rules).validate(claims)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unauthenticated("the session has expired, or is none of ours", hint="sign in again") from error
        return Session(
            asker=asker_of(claims),
            csrf=str(claims["csrf"]),
            name=claims.get("name"),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            must_change=claims["use"] == CHANGE,
        )
