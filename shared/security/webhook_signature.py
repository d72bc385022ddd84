"""Standard Webhooks 1.0 signatures: which system sent a message, when, and that nobody changed it on its way.

The sender's headers are `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`: one or several `v1,` with
base64 of HMAC-SHA256 over `id.timestamp.body`. A secret is `whsec_` with base64 of its bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.kernel.errors import Invalid, Unauthenticated

PREFIX = "whsec_"
TOLERANCE = 300
"""Seconds by which the sender's clock may differ from ours, either way."""
_BYTES = 32
_ID = re.compile(r"[\x21-\x7e]{1,200}")
_SECONDS = re.compile(r"[0-9]{1,12}")


def new_secret() -> str:
    """A secret that nobody has had before."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a message. Raises Invalid for a text that is no secret."""
    seconds = str(int(at.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": "v1," + _signature(_key(secret), message_id, seconds, body),
    }


def verify(accepted: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The message's id, when it was signed with one of the accepted secrets a moment ago.

    `headers` has lower-case names. Raises Unauthenticated saying what is missing, too old, or not ours.
    """
    message_id, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not _ID.fullmatch(message_id) or not _SECONDS.fullmatch(seconds) or not given:
        raise Unauthenticated(
            "the message is not signed",
            where="webhook-id, webhook-timestamp, webhook-signature",
            hint="see https://www.standardwebhooks.com",
        )
    if abs(now.timestamp() - int(seconds)) > TOLERANCE:
        raise Unauthenticated(
            f"the message was signed more than {TOLERANCE // 60} minutes ago, or ahead of our clock",
            where="webhook-timestamp",
            hint="sign anew with every try, and set the clock",
        )
    offered = [word.removeprefix("v1,") for word in given.split(" ") if word.startswith("v1,")]
    right = [_signature(_key(secret), message_id, seconds, body) for secret in accepted]
    if not any([hmac.compare_digest(one.encode(), other.encode()) for one in right for other in offered]):
        raise Unauthenticated("the signature was not made with the secret of this system", where="webhook-signature")
    return message_id


def _signature(key: bytes, message_id: str, seconds: str, body: bytes) -> str:
    signed = f"{message_id}.{seconds}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("this is no webhook secret", hint=f"{PREFIX} and base64") from error
    if len(key) < 16:
        raise Invalid("this webhook secret is too short", hint="16 bytes at least")
    return key
