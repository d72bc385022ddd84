"""Hides phone numbers, identity numbers and mail addresses in free text, for events, logs and screens."""

from __future__ import annotations

import re

# An identity number is 17 digits and a check character; it is tried first because it contains phone-like runs.
_IDENTITY = re.compile(r"(?<![0-9])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}[01][0-9][0-3][0-9][0-9]{3}[0-9Xx](?![0-9Xx])")
_MOBILE = re.compile(r"(?<![0-9])(?:(?:\+|00)?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}(?![0-9])")
_DIGITS = re.compile("[0-9]{3}")  # every number below starts with three digits in a row
_LANDLINE = re.compile(r"(?<![0-9])0[1-9][0-9]{1,2}[- ][0-9]{7,8}(?![0-9])")
# Letters of any script may stand right before an address in Chinese text, so only ASCII counts as part of it.
# A last part of digits is no domain: `street_supervisor@530103.011` is a post and its area.
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}(?=[0-9-]*[A-Za-z])[A-Za-z0-9-]{1,63}")


def mask(text: str, *names: str) -> str:
    """The text with identity numbers, phone numbers, mail addresses and the given names replaced by a marker
    of their kind.

    A name of a single character is left alone: it would blot out ordinary words.
    """
    for name in names:
        if len(name.strip()) > 1:
            text = text.replace(name.strip(), "[姓名]")
    if "@" in text:
        text = _MAIL.sub("[邮箱]", text)
    if _DIGITS.search(text) is None:
        return text
    text = _IDENTITY.sub("[证件号]", text)
    text = _MOBILE.sub("[电话]", text)
    return _LANDLINE.sub("[电话]", text)
