"""What the operator has set: documented settings from `settings.env` in the run directory and from the environment.

The environment counts for the start that it was given to; the file for every start. Each process gets what it reads,
and secrets go nowhere else. What the stack makes itself (addresses of its servers, ports, keys) cannot be set here.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path

from deploy.local.credentials import SERVICES
from deploy.local.environment_file import read
from deploy.local.words import say
from shared.config import readers
from shared.config.settings import BY_NAME, Setting
from shared.kernel.errors import Invalid

FILE = "settings.env"
READERS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("WUJI_NOTIFY_", "WUJI_SMTP_", "WUJI_GATEWAY_"), ("notify",)),
    (("WUJI_WEBHOOK_", "WUJI_SUBSCRIPTION_", "WUJI_REPLAY_", "WUJI_PARTNERS_URL"), ("notify", "courier")),
    (("WUJI_PHOTO_",), ("intake",)),
    (("WUJI_DEMO",), SERVICES),
    (("WUJI_OIDC_",), ("grid",)),
    # What stands before the services reads these.
    (("WUJI_TLS",), ("nginx",)),
    (("WUJI_PUBLIC_URL", "WUJI_LOG"), (*SERVICES, "relay", "projector", "courier", "timer")),
)
"""Beginnings of names, and the processes that read them. Whatever else is no secret goes to all services; the
operator's commands read everything that is no secret."""
_OUR_OWN = frozenset(
    (
        "WUJI_HTTP_PORT", "WUJI_HTTP_HOST", "WUJI_ADMIN_PORT", "WUJI_ADMIN_HOST", "WUJI_ADMIN_URLS",
        "WUJI_LOCAL_URL", "WUJI_PARKED_URL",
        "WUJI_MASTER_KEY", "WUJI_LINK_KEY", "WUJI_TOKEN_KEY", "WUJI_TOKEN_PUBLIC_KEY", "WUJI_SUBSCRIPTION_KEY",
    )
)  # fmt: skip


def wishes(root: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Name → value of what was set. Raises Invalid for a value that is wrong and for a name that nobody can set."""
    path = root / FILE
    file = read(path) if path.exists() else {}
    for name in file:
        if setting_of(name) is None:
            raise _not_to_be_set(name, path)
    found = file | {name: value for name, value in environment.items() if value and setting_of(name) is not None}
    for name, value in found.items():
        _check(name, value)
    return found


def for_process(process: str, found: Mapping[str, str]) -> dict[str, str]:
    """Those that this process reads; `operator` is one of them."""
    return {name: value for name, value in found.items() if _reads(process, name)}


def setting_of(name: str) -> Setting | None:
    """The setting that may be set by this variable; `<NAME>_FILE` is one too when it is secret."""
    plain = name.removesuffix("_FILE") if name not in BY_NAME else name
    setting = BY_NAME.get(plain)
    if setting is None or plain in _OUR_OWN or not _readers(setting):
        return None
    return setting if name == plain or setting.secret else None


def _reads(process: str, name: str) -> bool:
    setting = setting_of(name)
    if setting is None or process == "operator":
        return setting is not None and not setting.secret
    return process in _readers(setting)


def _readers(setting: Setting) -> tuple[str, ...]:
    named = (those for names, those in READERS if setting.name.startswith(names))
    return next(named, () if setting.secret else SERVICES)


def _check(name: str, value: str) -> None:
    setting = BY_NAME.get(name)
    try:
        if "\n" in value or "'" in value:
            raise ValueError("must not hold a line break or a single quote")
        if setting is not None:
            readers.read(value, setting)
    except ValueError as error:
        example = BY_NAME[name].example if setting else ""
        raise Invalid(f"{name} {error}", where=name, hint=say(f"例如 {example}", f"for example {example}")) from error


def _not_to_be_set(name: str, path: Path) -> Invalid:
    settable = [one for one in BY_NAME if setting_of(one) is not None]
    if name.removesuffix("_FILE") in BY_NAME:
        said = say(f"{name} 由本机环境自己决定", f"{name} is decided by the stack itself")
    else:
        said = say(f"没有这个设置：{name}", f"there is no setting {name}")
    close = difflib.get_close_matches(name, settable, n=1, cutoff=0.7)
    return Invalid(f"{path}: {said}", where=name, hint=close[0] if close else None)
