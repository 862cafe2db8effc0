"""Secrets at rest: AES-256-GCM envelopes that open only in their own row and column, with their own origins."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import os
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import SecretUnreadable
from models.secret_place import SecretPlace

_log = logging.getLogger("patchbay.keys")
_FORMAT = b"\x01"
#: The format of an envelope that authenticates its origins too. Those of the first format are sealed anew at a start.
BOUND: Final = b"\x02"
_VERSION_BYTES = 4
_LAST_VERSION = 256**_VERSION_BYTES - 1
_IV_BYTES = 12  # NIST SP 800-38D §5.2.1.1: 96 bits is the recommended length
_KEY_BYTES = 32
_HEAD = len(_FORMAT) + _VERSION_BYTES + _IV_BYTES


class Keyring:
    """Master keys by version. One key seals; each key opens the envelopes that it sealed.

    A running process reads the keys again when it meets an envelope of an unknown key.
    """

    def __init__(self, keys: Mapping[int, bytes], *, renewed: Callable[[], str | None] = lambda: None) -> None:
        """`renewed` returns the keys as text if they may have changed since its last call.

        Raises ValueError with a sentence for the operator if a key is missing or has the wrong length.
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
        """Read lines of `version:base64`. Blank lines and lines that begin with # are ignored."""
        return cls(parse_keys(text), renewed=renewed)

    @staticmethod
    def generate(version: int = 1) -> str:
        """A new random key as a line for `parse`."""
        return f"{version}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}\n"

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions of all keys, oldest first."""
        return tuple(sorted(self._keys))

    def fingerprint(self, version: int) -> str:
        """A text that differs between keys and reveals nothing else about a key."""
        return hmac.digest(self._keys[version], b"patchbay fingerprint", "sha256").hex()

    def renew(self) -> bool:
        """Read the keys again if they may have changed. Answers whether there are new ones.

        Keys that the text lacks are kept: it may be damaged or half written.
        """
        with self._renewing:
            text = self._renewed()
            try:
                read = parse_keys(text) if text else {}
            except ValueError as fault:
                _log.warning("The changed master keys are ignored. %s", fault)
                return False
            came = read.keys() - self._keys.keys()
            if came:
                self._hold(read | self._keys)
        return bool(came)

    def forget(self, versions: Collection[int]) -> set[int]:
        """Remove these keys, except the one that seals here. Answers those that were removed."""
        with self._renewing:
            gone = (self._keys.keys() & frozenset(versions)) - {self.current}
            if gone:
                self._hold({version: key for version, key in self._keys.items() if version not in gone})
        return gone

    def seal_with(self, version: int) -> bool:
        """Seal with this key from now on. Answers False and changes nothing if the key is unknown."""
        if version not in self._keys:
            self.renew()
        if version not in self._keys:
            return False
        self.current = version
        return True

    def derive(self, purpose: str) -> bytes:
        """A key for another purpose, such as signing cursors. It changes when another master key seals."""
        return self._derive(self.current, purpose)

    def derive_each(self, purpose: str) -> tuple[bytes, ...]:
        """The derived key of every master key, newest first: signatures stay valid while their key is kept."""
        self.renew()
        return tuple(self._derive(version, purpose) for version in reversed(self.versions))

    def seal(self, plaintext: bytes, place: SecretPlace) -> bytes:
        """The envelope: format, key version, IV, ciphertext and tag."""
        version, iv = self.current, os.urandom(_IV_BYTES)
        mark = _FORMAT if place.origins is None else BOUND
        sealed = self._ciphers[version].encrypt(iv, plaintext, _associated(mark, place))
        return mark + version_mark(version) + iv + sealed

    def open(self, envelope: bytes, place: SecretPlace) -> bytes:
        """The plaintext. Raises SecretUnreadable, which names the row, if a bit, the place or the key is wrong."""
        version, mark = int.from_bytes(envelope[1 : 1 + _VERSION_BYTES], "big"), envelope[:1]
        if mark not in (_FORMAT, BOUND) or len(envelope) < _HEAD:
            raise _unreadable(place)
        if version not in self._ciphers:
            self.renew()
        cipher = self._ciphers.get(version)
        if cipher is None:
            raise _unreadable(place)
        iv = envelope[1 + _VERSION_BYTES : _HEAD]
        try:
            return cipher.decrypt(iv, envelope[_HEAD:], _associated(mark, place))
        except InvalidTag as cause:
            raise _unreadable(place) from cause

    def _derive(self, version: int, purpose: str) -> bytes:
        known = self._derived.get((version, purpose))
        if known is None:
            known = hmac.digest(self._keys[version], f"patchbay {purpose}".encode(), "sha256")
            self._derived[version, purpose] = known
        return known

    def _hold(self, keys: Mapping[int, bytes]) -> None:
        # Ciphers first: another thread may read both.
        self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
        self._keys = dict(keys)


def parse_keys(text: str) -> dict[int, bytes]:
    """Keys by version. Raises ValueError, which never repeats a key."""
    lines = (line.strip() for line in text.splitlines())
    keys: dict[int, bytes] = {}
    for version, key in (_parse_key(line) for line in lines if line and not line.startswith("#")):
        if keys.setdefault(version, key) is not key:
            raise ValueError(f"Master key {version} is given twice.")
        _check_key(version, key)
    return keys


def version_mark(version: int) -> bytes:
    """A key's version as in an envelope, from its second byte on. Marks sort like versions."""
    return version.to_bytes(_VERSION_BYTES, "big")


def _associated(mark: bytes, place: SecretPlace) -> bytes:
    return place.bound_data() if mark == BOUND else place.associated_data()


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
