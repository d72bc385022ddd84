"""Secrets of one local stack: generated at its first start, kept in `credentials.json` (0600), never shown."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

from shared.security import tokens

SERVICES = ("intake", "dispatch", "grid", "survey", "notify")
ACCOUNTS = (*SERVICES, "relay", "projector", "courier", "timer", "importer", "reader", "owner", "operator")
"""Every account, in the database, on the broker, or both."""


class Credentials:
    """What was generated, by name."""

    def __init__(self, path: Path) -> None:
        self._kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        fresh = {name: value for name, value in generate().items() if name not in self._kept}
        if fresh:
            self._kept |= fresh
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as out:
                json.dump(self._kept, out, indent=1)

    def __getitem__(self, name: str) -> str:
        return self._kept[name]

    def all(self) -> dict[str, str]:
        return dict(self._kept)

    def database(self, account: str) -> str:
        return self._kept[f"database_{account}"]

    def broker(self, account: str) -> str:
        return self._kept[f"broker_{account}"]


def generate() -> dict[str, str]:
    """A fresh set; hexadecimal where it becomes part of a URL."""
    token_key = tokens.new_key()
    return {
        "postgres_admin": secrets.token_hex(16),
        "rabbitmq_admin": secrets.token_hex(16),
        "rabbitmq_cookie": secrets.token_hex(20).upper(),
        "supervisor": secrets.token_hex(16),
        "master_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "subscription_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "demo_password": demo_password(),
        "link_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "token_key": token_key,
        "token_public_key": tokens.public_part(token_key),
        **{f"database_{account}": secrets.token_hex(16) for account in ACCOUNTS},
        **{f"broker_{account}": secrets.token_hex(16) for account in ACCOUNTS},
    }


def demo_password() -> str:
    """For the log-ins of the demonstration: easy to type, good enough for the rules of passwords."""
    return f"Panlong-{secrets.token_hex(3)}-{secrets.randbelow(90) + 10}"
