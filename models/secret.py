"""Secrets at rest: AES-256-GCM envelopes that open only in the row and column they were made for."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import SecretUnreadable

_FORMAT = b"\x01"
_VERSION_BYTES = 4
_LAST_VERSION = 256**_VERSION_BYTES - 1
_IV_BYTES = 12  # NIST SP 800-38D §5.2.1.1: 96 bits is the recommended length
_KEY_BYTES = 32
_HEAD = len(_FORMAT) + _VERSION_BYTES + _IV_BYTES


@dataclass(frozen=True, kw_only=True)
class SecretPlace:
    """Where an envelope belongs. It is bound to it: copied elsewhere it does not open."""

    organization_id: str
    table: str
    row_id: str
    column: str

    def associated_data(self) -> bytes:
        """What GCM authenticates beside the ciphertext."""
        return f"{self.organization_id}\0{self.table}\0{self.row_id}\0{self.column}".encode()


class Keyring:
    """Master keys by version. The newest seals; every one of them opens what it sealed."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """Raises ValueError, in a sentence for the operator, when a key is missing or of the wrong length."""
        if not keys:
            raise ValueError("There is no master key.")
        for version, key in keys.items():
            if not 0 < version <= _LAST_VERSION:
                raise ValueError(f"A master key's version must be from 1 to {_LAST_VERSION}, not {version}.")
            if len(key) != _KEY_BYTES:
                raise ValueError(f"Master key {version} has {len(key)} bytes; it must have {_KEY_BYTES}.")
        self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
        self.current = max(keys)
        self._newest_first = tuple(keys[version] for version in sorted(keys, reverse=True))

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read lines of `version:base64`; blank lines and lines that begin with # are passed over."""
        lines = (line.strip() for line in text.splitlines())
        keys: dict[int, bytes] = {}
        for version, key in (_parse_key(line) for line in lines if line and not line.startswith("#")):
            if keys.setdefault(version, key) is not key:
                raise ValueError(f"Master key {version} is given twice.")
        return cls(keys)

    @staticmethod
    def generate(version: int = 1) -> str:
        """A new random key as a line for `parse`."""
        return f"{version}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}\n"

    def derive(self, purpose: str) -> bytes:
        """A key for another use, such as authenticating cursors; it changes when the newest key does."""
        return self.derive_each(purpose)[0]

    def derive_each(self, purpose: str) -> tuple[bytes, ...]:
        """That key of every master key, newest first: what an older one signed holds for as long as it is kept."""
        return tuple(hmac.digest(key, f"patchbay {purpose}".encode(), "sha256") for key in self._newest_first)

    def seal(self, plaintext: bytes, place: SecretPlace) -> bytes:
        """The envelope: format, key version, IV, ciphertext and tag."""
        iv = os.urandom(_IV_BYTES)
        sealed = self._ciphers[self.current].encrypt(iv, plaintext, place.associated_data())
        return _FORMAT + self.current.to_bytes(_VERSION_BYTES, "big") + iv + sealed

    def open(self, envelope: bytes, place: SecretPlace) -> bytes:
        """Raises SecretUnreadable, which names the row, when a bit, the place or the key is wrong."""
        version = int.from_bytes(envelope[1 : 1 + _VERSION_BYTES], "big")
        cipher = self._ciphers.get(version)
        if cipher is None or envelope[:1] != _FORMAT or len(envelope) < _HEAD:
            raise _unreadable(place)
        iv = envelope[1 + _VERSION_BYTES : _HEAD]
        try:
            return cipher.decrypt(iv, envelope[_HEAD:], place.associated_data())
        except InvalidTag as cause:
            raise _unreadable(place) from cause


def _parse_key(line: str) -> tuple[int, bytes]:
    version, _, encoded = line.partition(":")
    try:
        return int(version), base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as cause:
        raise ValueError("A master key must be written as `version:base64`.") from cause


def _unreadable(place: SecretPlace) -> SecretUnreadable:
    return SecretUnreadable(f"The secret {place.column} of {place.table} {place.row_id} cannot be read.")
