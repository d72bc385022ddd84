"""The six errors of the platform: each name says what to do next, over HTTP and on the bus.

WujiError
 ├─ Invalid      the input is wrong, and will be wrong tomorrow            400, park
 ├─ Forbidden    the asker may not do this                                 403, park
 ├─ NotFound     there is no such thing                                    404, park
 ├─ Refused      a rule of the domain says no; the rule's name travels     409, ack
 ├─ Conflict     somebody else wrote first; look again and decide again    409, retry now
 └─ Unavailable  something we need is down; nothing was changed            503, retry later

Anything else that is raised is a bug: 500, park, and the log says so.
"""

from __future__ import annotations

from enum import Enum


class OnBus(Enum):
    """What a reaction does with the message whose handling raised."""

    ACK = "ack"
    PARK = "park"
    RETRY_NOW = "retry_now"
    RETRY_LATER = "retry_later"


class WujiError(Exception):
    """Base of all errors that we raise on purpose; `str(error)` is fit for a person to read."""

    status = 500
    on_bus = OnBus.PARK
    title = "Internal error"

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.where = where
        """The field, file line or setting that is wrong, as the sender would name it."""
        self.hint = hint
        """What to do about it."""


class Invalid(WujiError):
    """The input breaks a shape or a rule that does not depend on the state of anything."""

    status = 400
    on_bus = OnBus.PARK
    title = "Invalid input"

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        errors: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.errors = errors or {}
        """Every field that is wrong, for inputs that have several: field name → messages."""


class Forbidden(WujiError):
    """The asker is known, and may not do this here."""

    status = 403
    on_bus = OnBus.PARK
    title = "Forbidden"


class Unauthenticated(Forbidden):
    """Nobody valid is asking: no token, an expired one, or one we did not sign."""

    status = 401
    title = "Not signed in"


class NotFound(WujiError):
    """What the request names does not exist."""

    status = 404
    on_bus = OnBus.PARK
    title = "Not found"


class Refused(WujiError):
    """A rule of the domain says no to a well-formed request."""

    status = 409
    on_bus = OnBus.ACK
    title = "Refused"

    def __init__(self, message: str, *, rule: str, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, where=where, hint=hint)
        self.rule = rule
        """The rule's stable name, for programs: `case.not_dispatched`."""


class Conflict(WujiError):
    """Somebody else wrote to the stream since we read it."""

    status = 409
    on_bus = OnBus.RETRY_NOW
    title = "Somebody else was first"


class Unavailable(WujiError):
    """The database, the broker or another dependency cannot be used right now."""

    status = 503
    on_bus = OnBus.RETRY_LATER
    title = "Not available right now"

    def __init__(self, message: str, *, retry_after: float = 5.0, where: str | None = None) -> None:
        super().__init__(message, where=where, hint=f"try again in {retry_after:.0f} s")
        self.retry_after = retry_after
        """Seconds."""
