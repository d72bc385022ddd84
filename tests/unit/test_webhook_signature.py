"""Signatures of webhooks are those of the Standard Webhooks specification."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.kernel.errors import Invalid, Unauthenticated
from shared.security import webhook_signature

# The example of the specification's own reference libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_is_signed_as_the_reference_libraries_sign_it() -> None:
    headers = webhook_signature.sign(SECRET, MESSAGE, AT, BODY)

    assert headers["webhook-signature"] == SIGNATURE
    assert webhook_signature.verify((SECRET,), headers, BODY, AT + timedelta(seconds=299)) == MESSAGE


def test_an_old_secret_is_accepted_beside_a_new_one() -> None:
    headers = webhook_signature.sign(SECRET, MESSAGE, AT, BODY)

    assert webhook_signature.verify((webhook_signature.new_secret(), SECRET), headers, BODY, AT) == MESSAGE
    with pytest.raises(Unauthenticated):
        webhook_signature.verify((webhook_signature.new_secret(),), headers, BODY, AT)


@pytest.mark.parametrize("secret", ["whsec_!", "whsec_AAAA", ""])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(Invalid):
        webhook_signature.sign(secret, MESSAGE, AT, BODY)
