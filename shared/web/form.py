"""Reads `application/x-www-form-urlencoded`, which older standards send where we send JSON, with equal suspicion."""

from __future__ import annotations

from urllib.parse import parse_qsl

from shared.kernel.errors import Invalid

MEDIA = "application/x-www-form-urlencoded"
_MOST_FIELDS = 200


def parse(body: bytes) -> dict[str, str | list[str]]:
    """Field → text, or the list of texts of a field that comes more than once. Raises Invalid."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise Invalid(f"the form is not UTF-8, or has more than {_MOST_FIELDS} fields", where="body") from error
    found: dict[str, str | list[str]] = {}
    for name, value in pairs:
        if "\x00" in name or "\x00" in value:
            raise Invalid("the form contains the NUL character", where=name.replace("\x00", "")[:60] or "body")
        known = found.get(name)
        if known is None:
            found[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            found[name] = [known, value]
    return found
