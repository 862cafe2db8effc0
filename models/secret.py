"""Secrets at rest: AES-256-GCM envelopes that open only in the row and column they were made for."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import os
import threading
from collections.abc import Callable, Collection, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import SecretUnreadable
from models.secret_place import SecretPlace

_log = logging.getLogger("patchbay.keys")
_FORMAT = b"\x01"
_VERSION_BYTES = 4
_LAST_VERSION = 256**_VERSION_BYTES - 1
_IV_BYTES = 12  # NIST SP 800-38D §5.2.1.1: 96 bits is the recommended length
_KEY_BYTES = 32
_HEAD = len(_FORMAT) + _VERSION_BYTES + _IV_BYTES


class Keyring:
    """Master keys by version. One of them seals; every one of them opens what it sealed.

    A process that runs while a key is added reads the keys again when it meets what only the new one can open.
    """

    def __init__(self, keys: Mapping[int, bytes], *, renewed: Callable[[], str | None] = lambda: None) -> None:
        """`renewed` answers the keys as text when they may have changed since it was last asked.

        Raises ValueError, in a sentence for the operator, when a key is missing or of the wrong length.
        """
        if not keys:
            raise ValueError("There is no master key.")
        for version, key in keys.items():
            _check_key(version, key)
        self._renewed = renewed
        self._renewing = threading.Lock()
        self._derived: dict[tuple[int, str], bytes] = {}
        self._hold(keys)
        self.current = max(keys)

    @classmethod
    def parse(cls, text: str, *, renewed: Callable[[], str | None] = lambda: None) -> Keyring:
        """Read lines of `version:base64`; blank lines and lines that begin with # are passed over."""
        return cls(parse_keys(text), renewed=renewed)

    @staticmethod
    def generate(version: int = 1) -> str:
        """A new random key as a line for `parse`."""
        return f"{version}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}\n"

    @property
    def versions(self) -> tuple[int, ...]:
        """Of all keys, oldest first."""
        return tuple(sorted(self._keys))

    def fingerprint(self, version: int) -> str:
        """By which a key can be told from another one, and nothing else can be told."""
        return hmac.digest(self._keys[version], b"patchbay fingerprint", "sha256").hex()

    def renew(self) -> bool:
        """Read the keys again where they may have changed. Answers whether any came along.

        None goes, whatever the text lacks: it may be spoilt, or half written.
        """
        with self._renewing:
            text = self._renewed()
            try:
                read = parse_keys(text) if text else {}
            except ValueError as fault:
                _log.warning("The master keys have changed and are not taken. %s", fault)
                return False
            came = read.keys() - self._keys.keys()
            if came:
                self._hold(read | self._keys)
        return bool(came)

    def forget(self, versions: Collection[int]) -> set[int]:
        """Hold these keys no longer, but for the one that seals here. Answers those that were held."""
        with self._renewing:
            gone = (self._keys.keys() & frozenset(versions)) - {self.current}
            if gone:
                self._hold({version: key for version, key in self._keys.items() if version not in gone})
        return gone

    def seal_with(self, version: int) -> bool:
        """From now on seal with this key. Answers False, and goes on as before, where it is not to be had."""
        if version not in self._keys:
            self.renew()
        if version not in self._keys:
            return False
        self.current = version
        return True

    def derive(self, purpose: str) -> bytes:
        """A key for another use, such as authenticating cursors; it changes when another master key seals."""
        return self._derive(self.current, purpose)

    def derive_each(self, purpose: str) -> tuple[bytes, ...]:
        """That key of every master key, the newest first: what any one of them signed holds while it is kept."""
        self.renew()
        return tuple(self._derive(version, purpose) for version in reversed(self.versions))

    def seal(self, plaintext: bytes, place: SecretPlace) -> bytes:
        """The envelope: format, key version, IV, ciphertext and tag."""
        version, iv = self.current, os.urandom(_IV_BYTES)
        sealed = self._ciphers[version].encrypt(iv, plaintext, place.associated_data())
        return _FORMAT + version_mark(version) + iv + sealed

    def open(self, envelope: bytes, place: SecretPlace) -> bytes:
        """Raises SecretUnreadable, which names the row, when a bit, the place or the key is wrong."""
        version = int.from_bytes(envelope[1 : 1 + _VERSION_BYTES], "big")
        if envelope[:1] != _FORMAT or len(envelope) < _HEAD:
            raise _unreadable(place)
        if version not in self._ciphers:
            self.renew()
        cipher = self._ciphers.get(version)
        if cipher is None:
            raise _unreadable(place)
        iv = envelope[1 + _VERSION_BYTES : _HEAD]
        try:
            return cipher.decrypt(iv, envelope[_HEAD:], place.associated_data())
        except InvalidTag as cause:
            raise _unreadable(place) from cause

    def _derive(self, version: int, purpose: str) -> bytes:
        known = self._derived.get((version, purpose))
        if known is None:
            known = hmac.digest(self._keys[version], f"patchbay {purpose}".encode(), "sha256")
            self._derived[version, purpose] = known
        return known

    def _hold(self, keys: Mapping[int, bytes]) -> None:
        # Ciphers first: another thread may look at either.
        self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
        self._keys = dict(keys)


def parse_keys(text: str) -> dict[int, bytes]:
    """Keys by version. Raises ValueError, which repeats nothing of them."""
    lines = (line.strip() for line in text.splitlines())
    keys: dict[int, bytes] = {}
    for version, key in (_parse_key(line) for line in lines if line and not line.startswith("#")):
        if keys.setdefault(version, key) is not key:
            raise ValueError(f"Master key {version} is given twice.")
        _check_key(version, key)
    return keys


def version_mark(version: int) -> bytes:
    """A key's version as it stands in an envelope, from its second byte on; marks compare as versions do."""
    return version.to_bytes(_VERSION_BYTES, "big")


def _check_key(version: int, key: bytes) -> None:
    if not 0 < version <= _LAST_VERSION:
        raise ValueError(f"A master key's version must be from 1 to {_LAST_VERSION}, not {version}.")
    if len(key) != _KEY_BYTES:
        raise ValueError(f"Master key {version} has {len(key)} bytes; it must have {_KEY_BYTES}.")


def _parse_key(line: str) -> tuple[int, bytes]:
    version, _, encoded = line.partition(":")
    try:
        return int(version), base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as cause:
        raise ValueError("A master key must be written as `version:base64`.") from cause


def _unreadable(place: SecretPlace) -> SecretUnreadable:
    sentence = f"The secret {place.column} of {place.table} {place.row_id} cannot be read."
    return SecretUnreadable(sentence, place=place)
