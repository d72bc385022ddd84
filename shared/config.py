"""The configuration of one process, from its environment and nowhere else.

Every secret may also be given as `<NAME>_FILE`, the path of a file that holds it. What is wrong is said by name,
with what is wrong and an example of what is right; names that look like misspellings of ours are warned about.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environs import EnvError, FileAwareEnv

from shared.kernel.errors import Invalid


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable: what it is for, and what a right value looks like."""

    name: str
    what: str
    example: str
    kind: str = "text"
    default: Any = None
    secret: bool = False
    choices: tuple[str, ...] = ()
    """For the kind `choice`: the values that are right."""


@dataclass(frozen=True, slots=True)
class Described:
    """One setting as an operator sees it."""

    name: str
    value: str
    """Masked when it is secret."""
    origin: str
    """`environment`, `file <path>`, `default` or `not set`."""
    what: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DATABASE_URL",
        "PostgreSQL, with this process's own role",
        "postgresql://wuji_intake:secret@127.0.0.1:5432/wuji",
        "postgresql",
        secret=True,
    ),
    *(
        Setting(
            f"DATABASE_URL_{service.upper()}",
            f"PostgreSQL with the role of {service}; for the projector and the operator",
            f"postgresql://wuji_{service}:secret@127.0.0.1:5432/wuji",
            "postgresql",
            secret=True,
        )
        for service in ("intake", "dispatch", "grid", "survey", "notify")
    ),
    Setting(
        "AMQP_URL",
        "RabbitMQ, with this process's own user and the vhost",
        "amqp://wuji_intake:secret@127.0.0.1:5672/wuji",
        "amqp",
        secret=True,
    ),
    Setting(
        "RABBITMQ_MANAGEMENT_URL",
        "RabbitMQ's management interface",
        "http://wuji_operator:secret@127.0.0.1:15672",
        "http",
        secret=True,
    ),
    Setting("WUJI_HTTP_PORT", "port of the doors", "8101", "port", 8000),
    Setting("WUJI_HTTP_HOST", "address that the doors listen on", "127.0.0.1", "text", "127.0.0.1"),
    Setting("WUJI_ADMIN_PORT", "port of /livez, /readyz and /metrics", "9101", "port", 9000),
    Setting("WUJI_ADMIN_HOST", "address that the admin port listens on", "127.0.0.1", "text", "127.0.0.1"),
    Setting("WUJI_LOG", "how log lines look", "json", "log"),
    Setting("WUJI_PUBLIC_URL", "where people reach the platform", "https://wuji.example.gov.cn", "http"),
    Setting(
        "WUJI_MASTER_KEY", "seals personal data: 32 bytes in base64", "openssl rand -base64 32", "key", secret=True
    ),
    Setting(
        "WUJI_LINK_KEY",
        "makes tracking and feedback links: 32 bytes in base64",
        "openssl rand -base64 32",
        "key",
        secret=True,
    ),
    Setting(
        "WUJI_TOKEN_KEY", "signs bearer tokens: a private EC key as JWK", '{"kty":"EC","crv":"P-256",…}', secret=True
    ),
    Setting("WUJI_TOKEN_PUBLIC_KEY", "verifies bearer tokens: the public half as JWK", '{"kty":"EC","crv":"P-256",…}'),
    Setting("WUJI_JWKS_FILE", "verifies bearer tokens of an issuer instead: its JWKS", "/etc/wuji/jwks.json"),
    Setting("WUJI_TOKEN_ISSUER", "the issuer that tokens must name", "https://sso.example.gov.cn"),
    Setting("WUJI_TOKEN_AUDIENCE", "the audience that tokens must name", "wuji"),
    Setting("WUJI_HTTP_WORKERS", "requests worked on at the same time", "64", "count", 64),
    Setting("WUJI_HTTP_QUEUE", "requests that may wait for a worker before 503", "256", "count", 256),
    Setting("WUJI_HTTP_CONNECTIONS", "connections open at the same time", "4000", "count", 4000),
    Setting("WUJI_HTTP_REUSE_PORT", "share the port with other processes", "false", "flag", False),
    Setting("WUJI_REACTION_WORKERS", "messages handled at the same time", "16", "count", 16),
    Setting("WUJI_PREFETCH", "messages per reaction fetched ahead", "64", "count", 64),
    Setting("WUJI_DRAIN_SECONDS", "how long running work may take to finish at SIGTERM", "30", "count", 30),
    Setting(
        "WUJI_NOTIFY_CHANNEL",
        "how notices go out: outbox keeps them in a table, smtp mails them, http posts them to a gateway",
        "outbox",
        "choice",
        "outbox",
        choices=("outbox", "smtp", "http"),
    ),
    Setting(
        "WUJI_NOTIFY_DEPARTMENT_CHANNEL",
        "how departments hear, if not as everybody else",
        "smtp",
        "choice",
        choices=("outbox", "smtp", "http"),
    ),
    Setting("WUJI_NOTIFY_LANGUAGE", "the language of notices", "zh", "choice", "zh", choices=("zh", "en")),
    Setting("WUJI_NOTIFY_SECONDS", "how long a mail server or gateway may take to answer", "10", "count", 10),
    Setting("WUJI_SMTP_HOST", "the mail server", "mail.example.gov.cn"),
    Setting("WUJI_SMTP_PORT", "the mail server's port", "587", "port", 587),
    Setting(
        "WUJI_SMTP_SECURITY",
        "how the mail server is spoken to",
        "starttls",
        "choice",
        "starttls",
        choices=("none", "starttls", "tls"),
    ),
    Setting("WUJI_SMTP_FROM", "the sender of mails", "Wuji <wuji@example.gov.cn>"),
    Setting("WUJI_SMTP_USER", "account at the mail server, if it wants one", "wuji"),
    Setting("WUJI_SMTP_PASSWORD", "password at the mail server", "secret", secret=True),
    Setting("WUJI_GATEWAY_URL", "the message gateway", "https://sms.example.gov.cn/messages", "http"),
    Setting("WUJI_GATEWAY_SECRET", "signs what is sent to the message gateway", "openssl rand -hex 32", secret=True),
)

_BY_NAME = {setting.name: setting for setting in SETTINGS}
_SCHEMES = {"postgresql": ("postgresql", "postgres"), "amqp": ("amqp", "amqps"), "http": ("http", "https")}
# Variables of ours that other programs read: the test-suite, the demo.
_FOREIGN = ("WUJI_TEST_", "WUJI_DEMO_", "WUJI_BENCH_")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Config:
    """What one process knows about its surroundings. Asking for something that is not set raises Invalid."""

    process: str
    values: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, process: str) -> Config:
        """Read the environment. Raises Invalid naming every variable that is wrong."""
        env = FileAwareEnv(strip_whitespace=True)
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        wrong: dict[str, object] = {}
        for setting in SETTINGS:
            try:
                values[setting.name] = _value(env, setting)
                origins[setting.name] = _origin(setting)
            except (EnvError, ValueError) as error:
                wrong[setting.name] = _complaint(setting, error)
        if wrong:
            raise Invalid(
                "the configuration is wrong: " + "; ".join(f"{name} {text}" for name, text in wrong.items()),
                where=next(iter(wrong)),
                errors=wrong,
            )
        warn_unknown(os.environ)
        return cls(process, values, origins)

    @classmethod
    def of(cls, process: str, **values: Any) -> Config:
        """A configuration made by hand, for tests and tools: `Config.of("intake", DATABASE_URL=…)`."""
        known = {setting.name: setting.default for setting in SETTINGS}
        return cls(process, {**known, **values}, {})

    def need(self, name: str) -> Any:
        """The value of a variable that must be set. Raises Invalid saying how to set it."""
        value = self.values.get(name)
        if value is None or value == "":
            raise _missing(_BY_NAME[name])
        return value

    def get(self, name: str) -> Any:
        """The value of a variable, or None."""
        return self.values.get(name)

    @property
    def database_url(self) -> str:
        return str(self.need("DATABASE_URL"))

    @property
    def amqp_url(self) -> str:
        return str(self.need("AMQP_URL"))

    @property
    def management_url(self) -> str:
        return str(self.need("RABBITMQ_MANAGEMENT_URL"))

    @property
    def http_port(self) -> int:
        return int(self.need("WUJI_HTTP_PORT"))

    @property
    def admin_port(self) -> int:
        return int(self.need("WUJI_ADMIN_PORT"))

    @property
    def master_key(self) -> bytes:
        """32 bytes that seal personal data."""
        return _bytes(self.need("WUJI_MASTER_KEY"))

    @property
    def link_key(self) -> bytes:
        """The key of tracking and feedback links."""
        return _bytes(self.need("WUJI_LINK_KEY"))

    @property
    def token_key(self) -> str:
        """The private JWK; only what makes tokens has it."""
        return str(self.need("WUJI_TOKEN_KEY"))

    @property
    def token_public_key(self) -> str:
        return str(self.need("WUJI_TOKEN_PUBLIC_KEY"))

    @property
    def jwks_file(self) -> Path | None:
        found = self.get("WUJI_JWKS_FILE")
        return Path(found) if found else None

    @property
    def public_url(self) -> str:
        """Without a slash at the end."""
        return str(self.need("WUJI_PUBLIC_URL")).rstrip("/")

    @property
    def log(self) -> str | None:
        """`json`, `pretty`, or None: pretty on a terminal."""
        found = self.get("WUJI_LOG")
        return str(found) if found else None

    def count(self, name: str) -> int:
        """A whole number, such as WUJI_HTTP_WORKERS."""
        return int(self.need(name))

    def describe(self) -> list[Described]:
        """Every setting with its value (secrets masked) and where it came from."""
        return [
            Described(
                setting.name,
                _shown(setting, self.values.get(setting.name)),
                self.origins.get(setting.name, "given"),
                setting.what,
            )
            for setting in SETTINGS
        ]


def warn_unknown(environ: Mapping[str, str]) -> list[str]:
    """Log a warning for every WUJI_… variable that nobody reads; the warnings are also returned."""
    known = {name for setting in SETTINGS for name in (setting.name, f"{setting.name}_FILE")}
    warnings = []
    for name in sorted(environ):
        if name.startswith("WUJI_") and name not in known and not name.startswith(_FOREIGN):
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
            warnings.append(f"nobody reads {name}" + (f"; did you mean {close[0]}?" if close else ""))
            _log.warning("%s", warnings[-1])
    return warnings


def _value(env: FileAwareEnv, setting: Setting) -> Any:
    text = env.str(setting.name, default=None)
    if text is None or text == "":
        return setting.default
    return _READERS.get(setting.kind, _text)(text, setting)


def _text(text: str, _setting: Setting) -> str:
    return text


def _count(text: str, _setting: Setting) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 1_000_000:
        raise ValueError(f"is {text[:40]!r}, not a whole number from 1")
    return int(text)


def _port(text: str, _setting: Setting) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 65535:
        raise ValueError(f"is {text[:40]!r}, not a port from 1 to 65535")
    return int(text)


def _flag(text: str, _setting: Setting) -> bool:
    found = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower())
    if found is None:
        raise ValueError(f"is {text[:40]!r}, neither true nor false")
    return found


def _choice(text: str, setting: Setting) -> str:
    if text not in setting.choices:
        raise ValueError(f"is {text[:40]!r}, not one of {', '.join(setting.choices)}")
    return text


def _log_form(text: str, _setting: Setting) -> str:
    if text not in ("json", "pretty"):
        raise ValueError(f"is {text[:40]!r}, neither json nor pretty")
    return text


def _key(text: str, _setting: Setting) -> str:
    try:
        length = len(_bytes(text))
    except (ValueError, binascii.Error) as error:
        raise ValueError("is not base64") from error
    if length != 32:
        raise ValueError(f"holds {length} bytes, not 32")
    return text


def _url(text: str, setting: Setting) -> str:
    schemes = _SCHEMES[setting.kind]
    parts = urlsplit(text)
    if parts.scheme not in schemes:
        raise ValueError(f"starts with {parts.scheme[:20]!r}, not with {schemes[0]}://")
    try:
        _ = parts.port
    except ValueError as error:
        raise ValueError("has a port that is no number") from error
    # PostgreSQL may be reached through a socket directory in the query, without a host.
    if not parts.hostname and not (setting.kind == "postgresql" and "host=" in parts.query):
        raise ValueError("names no host")
    return text


_READERS = {
    "count": _count,
    "port": _port,
    "flag": _flag,
    "choice": _choice,
    "log": _log_form,
    "key": _key,
    "postgresql": _url,
    "amqp": _url,
    "http": _url,
}


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _complaint(setting: Setting, error: Exception) -> str:
    example = f" (for example: {setting.example})"
    if os.environ.get(f"{setting.name}_FILE") and "must be a readable file" in str(error):
        return f"cannot be read: {setting.name}_FILE is {os.environ[f'{setting.name}_FILE']!r}, no readable file"
    return f"{error}{example}"


def _missing(setting: Setting) -> Invalid:
    ways = f"{setting.name} or {setting.name}_FILE" if setting.secret else setting.name
    return Invalid(
        f"{setting.name} is not set: {setting.what}",
        where=setting.name,
        hint=f"set {ways}, for example: {setting.example}",
    )


def _origin(setting: Setting) -> str:
    if path := os.environ.get(f"{setting.name}_FILE"):
        return f"file {path}"
    if os.environ.get(setting.name):
        return "environment"
    return "not set" if setting.default is None else "default"


def _shown(setting: Setting, value: Any) -> str:
    if value is None or value == "":
        return "-"
    if not setting.secret:
        return str(value)
    parts = urlsplit(str(value)) if "://" in str(value) else None
    if parts is None or parts.hostname is None:
        return "********"
    port = f":{parts.port}" if parts.port else ""
    who = f"{parts.username}:********@" if parts.username else ""
    return f"{parts.scheme}://{who}{parts.hostname}{port}{parts.path}"
