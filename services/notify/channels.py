"""How a letter leaves the house: captured in a table, by mail, or through the city's message gateway.

A channel answers a receipt, raises Unavailable when trying again may help, and Invalid when it will not. Sending the
same letter twice is harmless wherever the other side can tell: every message carries the notice's id.
"""

from __future__ import annotations

import hmac
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Protocol

import orjson
import requests

from services.notify.domain import INBOX
from services.notify.letters import Letter
from shared.config import Config
from shared.kernel.errors import Invalid, Unavailable
from shared.ports import Rows

_RETRY_STATUS = frozenset({408, 409, 425, 429})
_CONNECT_SECONDS = 3.0


class Channel(Protocol):
    """One way out."""

    @property
    def name(self) -> str:
        """What it is called in configuration and in events."""

    def reaches(self, letter: Letter) -> bool:
        """Whether the letter has an address that this channel knows."""

    def send(self, letter: Letter, at: datetime) -> str | None:
        """Send it; the receipt, if the other side gives one. Raises Unavailable or Invalid."""


class Outbox:
    """Keeps the message in `notify.outbox`, for demonstrations and tests: nothing leaves the machine."""

    name = "outbox"

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def reaches(self, letter: Letter) -> bool:
        return bool(letter.phone or letter.mail or letter.name)

    def send(self, letter: Letter, at: datetime) -> str | None:
        self._rows.execute(
            """
            INSERT INTO notify.outbox (notice_id, template, recipient, address, about, subject, body, created_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (notice_id) DO NOTHING
            """,
            [
                str(letter.notice_id),
                letter.template,
                letter.recipient,
                masked_address(letter),
                str(letter.about),
                letter.subject,
                letter.body,
                at,
            ],
        )
        return str(letter.notice_id)


class Inbox:
    """The letter is in somebody's inbox, where the page makes it anew: there is nothing to send."""

    name = INBOX

    def reaches(self, letter: Letter) -> bool:  # noqa: ARG002  # everybody with an account has one
        return True

    def send(self, letter: Letter, at: datetime) -> str | None:  # noqa: ARG002  # nothing leaves
        return None


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. The Message-ID is made of the notice's id, so that a mail sent twice is recognised."""

    host: str
    port: int
    sender: str
    security: str
    """`none`, `starttls` or `tls`."""
    user: str | None
    password: str | None
    seconds: float
    name: str = "smtp"

    def reaches(self, letter: Letter) -> bool:
        return letter.mail is not None

    def send(self, letter: Letter, at: datetime) -> str | None:
        message = self._message(letter, at)
        try:
            with self._connect() as server:
                server.send_message(message)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
            raise _smtp_meaning(error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"the mail server does not answer as it should: {type(error).__name__}") from error
        return str(message["Message-ID"])

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.seconds, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.seconds)
        if self.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if self.user is not None:
            server.login(self.user, self.password or "")
        return server

    def _message(self, letter: Letter, at: datetime) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = letter.mail
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{letter.notice_id}@{parseaddr(self.sender)[1].rpartition('@')[2] or 'wuji'}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
        return message


def _smtp_meaning(error: smtplib.SMTPException) -> Invalid | Unavailable:
    """4xx: later; 5xx: never. The server's own words may quote the address, so only its codes are kept."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
    else:
        codes = [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []
    said = f"the mail server said {', '.join(map(str, codes))}"
    # A wrong password is ours to repair, and the mail waits until it is.
    is_final = bool(codes) and min(codes) >= 500 and not isinstance(error, smtplib.SMTPAuthenticationError)
    return Invalid(said) if is_final else Unavailable(said)


@dataclass(frozen=True, slots=True)
class Gateway:
    """The city's message gateway (SMS, WeChat …): one signed POST per message.

    Signed in the manner of Standard Webhooks: `webhook-signature: v1,base64(hmac-sha256(secret, id.timestamp.body))`.
    """

    url: str
    secret: bytes
    seconds: float
    name: str = "http"

    def reaches(self, letter: Letter) -> bool:
        return bool(letter.phone or letter.mail or letter.name)

    def send(self, letter: Letter, at: datetime) -> str | None:
        body = orjson.dumps(
            {
                "id": letter.notice_id,
                "template": letter.template,
                "to": letter.phone or letter.mail or letter.name,
                "subject": letter.subject,
                "text": letter.body,
            }
        )
        try:
            answer = requests.post(
                self.url,
                data=body,
                headers=self._headers(letter, body, at),
                timeout=(_CONNECT_SECONDS, self.seconds),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unavailable(f"the message gateway does not answer: {type(error).__name__}") from error
        return _receipt(answer)

    def _headers(self, letter: Letter, body: bytes, at: datetime) -> dict[str, str]:
        notice_id, moment = str(letter.notice_id), str(int(at.timestamp()))
        signature = hmac.digest(self.secret, f"{notice_id}.{moment}.".encode() + body, "sha256")
        return {
            "Content-Type": "application/json",
            "Idempotency-Key": notice_id,
            "webhook-id": notice_id,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{b64encode(signature).decode('ascii')}",
        }


def _receipt(answer: requests.Response) -> str | None:
    status = answer.status_code
    if 200 <= status < 300:
        return answer.headers.get("webhook-receipt", "")[:200] or None
    if status >= 500 or status in _RETRY_STATUS:
        raise Unavailable(f"the message gateway said {status}")
    raise Invalid(f"the message gateway said {status}")


def masked_address(letter: Letter) -> str:
    """Enough to recognise an address by, not enough to use it: `138****6666`."""
    if letter.phone is not None:
        digits = letter.phone
        return digits[:3] + "****" + digits[-4:] if len(digits) >= 10 else "****" + digits[-2:]
    if letter.mail is not None:
        user, _, domain = letter.mail.partition("@")
        return f"{user[:1]}***@{domain}"
    return letter.name or ""


def channel(name: str, config: Config, rows: Rows) -> Channel:
    """The channel with this name, as it is configured. Raises Invalid naming the setting that is missing."""
    makers: dict[str, Callable[[], Channel]] = {
        "outbox": lambda: Outbox(rows),
        INBOX: Inbox,
        "smtp": lambda: Smtp(
            host=str(config.need("WUJI_SMTP_HOST")),
            port=int(config.need("WUJI_SMTP_PORT")),
            sender=str(config.need("WUJI_SMTP_FROM")),
            security=str(config.need("WUJI_SMTP_SECURITY")),
            user=config.get("WUJI_SMTP_USER"),
            password=config.get("WUJI_SMTP_PASSWORD"),
            seconds=config.count("WUJI_NOTIFY_SECONDS"),
        ),
        "http": lambda: Gateway(
            url=str(config.need("WUJI_GATEWAY_URL")),
            secret=str(config.need("WUJI_GATEWAY_SECRET")).encode(),
            seconds=config.count("WUJI_NOTIFY_SECONDS"),
        ),
    }
    if name not in makers:
        raise Invalid(f"there is no channel {name}", where="WUJI_NOTIFY_CHANNEL", hint=f"one of {', '.join(makers)}")
    return makers[name]()
