"""Seals personal words so that destroying one small key erases one person: AES-256-GCM, a data key per subject.

The data key is random, lies wrapped by the master key beside what it seals, and exists nowhere else. Every ciphertext
is bound to its subject and to its part (contact, words), so that a row copied to another subject does not open.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.kernel.errors import Invalid

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FORMAT: Final = b"\x01"


class Box:
    """One subject's opened key: seals and opens that subject's parts. Keep it no longer than one request."""

    __slots__ = ("_cipher", "_subject", "wrapped_key")

    def __init__(self, subject_id: UUID, cipher: AESGCM, wrapped_key: bytes) -> None:
        self._subject = subject_id.bytes
        self._cipher = cipher
        self.wrapped_key = wrapped_key
        """The data key as it may be stored: readable with the master key only."""

    def seal(self, part: str, values: Mapping[str, str]) -> bytes:
        """The values as bytes that only this subject's key opens."""
        return _encrypt(self._cipher, orjson.dumps(dict(values)), self._subject + part.encode())

    def open(self, part: str, sealed: bytes) -> dict[str, str]:
        """The values that were sealed. Raises Invalid when the bytes were changed or belong elsewhere."""
        values: dict[str, str] = orjson.loads(_decrypt(self._cipher, sealed, self._subject + part.encode()))
        return values


class Sealer:
    """Makes and opens boxes with the city's master key."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise Invalid(
                f"the master key has {len(master_key)} bytes, it needs {KEY_BYTES}",
                where="WUJI_MASTER_KEY",
                hint="make one with: head -c 32 /dev/urandom | base64",
            )
        self._master = AESGCM(master_key)

    def new_box(self, subject_id: UUID) -> Box:
        """A box with a key of its own, for a subject that is new."""
        key = os.urandom(KEY_BYTES)
        return Box(subject_id, AESGCM(key), _encrypt(self._master, key, subject_id.bytes))

    def box(self, subject_id: UUID, wrapped_key: bytes) -> Box:
        """The box of a subject that is known. Raises Invalid when the key was wrapped by another master key."""
        return Box(subject_id, AESGCM(_decrypt(self._master, wrapped_key, subject_id.bytes)), wrapped_key)


def _encrypt(cipher: AESGCM, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + cipher.encrypt(nonce, plain, bound_to)


def _decrypt(cipher: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    if sealed[:1] != _FORMAT:
        raise Invalid("these bytes were not sealed here, or by a newer version")
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, body, bound_to)
    except (InvalidTag, ValueError) as error:
        raise Invalid(
            "these bytes do not open with this key: changed, moved, or sealed under another master key"
        ) from error
