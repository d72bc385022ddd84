"""The configuration of one process, from its environment and nowhere else.

Every secret may also be given as `<NAME>_FILE`, the path of a file that holds it. What is wrong is said by name,
with what is wrong and an example of what is right; names that look like misspellings of ours are warned about.
"""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environs import EnvError, FileAwareEnv

from shared.config import readers
from shared.config.settings import BY_NAME, SETTINGS, Setting
from shared.kernel.errors import Invalid

__all__ = ["SETTINGS", "Config", "Described", "Setting", "warn_unknown"]


@dataclass(frozen=True, slots=True)
class Described:
    """One setting as an operator sees it."""

    name: str
    value: str
    """Masked when it is secret."""
    origin: str
    """`environment`, `file <path>`, `default` or `not set`."""
    what: str


# Variables of ours that other programs read: the test-suite, the demo.
_FOREIGN = ("WUJI_TEST_", "WUJI_DEMO_", "WUJI_BENCH_")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Config:
    """What one process knows about its surroundings. Asking for something that is not set raises Invalid."""

    process: str
    values: Mapping[str, Any] = field(repr=False)
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
            raise _missing(BY_NAME[name])
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
        return readers.key_bytes(self.need("WUJI_MASTER_KEY"))

    @property
    def link_key(self) -> bytes:
        """The key of tracking and feedback links."""
        return readers.key_bytes(self.need("WUJI_LINK_KEY"))

    @property
    def subscription_key(self) -> bytes:
        """The key of everything secret about subscriptions."""
        return readers.key_bytes(self.need("WUJI_SUBSCRIPTION_KEY"))

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
    return readers.read(text, setting)


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
