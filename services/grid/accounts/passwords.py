"""Passwords: what a good one is, how one is kept (argon2id), and one-time passwords.

Checking one takes some twenty thousandths of a second and 19 MB on purpose; whoever calls from a green thread does it
in a real one.
"""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.kernel.errors import Invalid
from shared.kernel.wording import Wording

SHORTEST, LONGEST = 10, 200
_EASY = ("password", "12345", "qwerty", "abcd", "admin", "wuji", "88888", "66666", "11111", "00000", "iloveyou", "mima")
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are taken for one another."""

RULES = Wording(
    f"至少 {SHORTEST} 个字符，含大写字母、小写字母、数字、符号中的三种（满 16 个字符则不限）；不含账号和常见密码",
    f"at least {SHORTEST} characters of three kinds: upper case, lower case, digits, signs (any kinds from 16 on);"
    " without the account's name, and nothing that everybody tries first",
)


def check_rules(password: str, account: str) -> None:
    """Raises Invalid with the rule that the password breaks."""
    if len(password) > LONGEST:
        raise _breaks(Wording(f"密码最多 {LONGEST} 个字符", f"a password has {LONGEST} characters at most"))
    if len(password) < SHORTEST or (len(password) < 16 and len({_kind(sign) for sign in password}) < 3):
        raise _breaks(RULES)
    if len(account) > 2 and account.lower() in password.lower():
        raise _breaks(Wording("密码不能含有账号", "a password must not hold the account's name"))
    easy = next((one for one in _EASY if one in password.lower()), None)
    if easy is not None or len(set(password)) < 5:
        raise _breaks(Wording("密码太常见", "this is among the passwords that everybody tries first"))


def hashed(password: str) -> str:
    """What may be kept."""
    return _HASHER.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Whether it is the password. Takes as long when there is no such account."""
    try:
        return _HASHER.verify(_of_nobody() if kept is None else kept, password[:LONGEST]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def one_time() -> str:
    """A random password to be typed once: 16 characters in four groups, some 90 bits."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(16))
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def _kind(sign: str) -> str:
    if sign.isdigit() or not sign.isalpha():
        return "digit" if sign.isdigit() else "sign"
    return "upper" if sign.isupper() else "lower"


@cache
def _of_nobody() -> str:
    return _HASHER.hash(secrets.token_hex(16))


def _breaks(wording: Wording) -> Invalid:
    return Invalid(str(wording), where="password", errors={"password": [str(wording)]})
