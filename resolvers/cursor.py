"""Cursors: opaque, authenticated positions, valid only in the list that issued them."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

import orjson

from models.errors import InvalidInput
from models.secret import Keyring
from resolvers import base64url

_PURPOSE: Final = "cursor"
_MAC_BYTES = 16
_LONGEST = 4096


class CursorCodec:
    """A codec that binds a position to its list: organization, field, filter and order.

    A cursor is valid as long as the hub keeps the master key that sealed when it was issued.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def encode(self, binding: str, position: tuple[Any, ...]) -> str:
        """The cursor of a position, as URL-safe text without padding."""
        payload = orjson.dumps(position)
        mac = _mac(self._keyring.derive(_PURPOSE), binding, payload)
        return base64url.encode(mac + payload)

    def decode(self, binding: str, cursor: str, *, path: tuple[str, ...]) -> tuple[Any, ...]:
        """The position of a cursor. Raises InvalidInput at `path` unless it was issued for this list."""
        raw = (base64url.decode(cursor) if len(cursor) <= _LONGEST else None) or b""
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        keys = self._keyring.derive_each(_PURPOSE) if payload else ()
        if not any(hmac.compare_digest(mac, _mac(key, binding, payload)) for key in keys):
            raise InvalidInput.at(path, "This is not a cursor of this list; take one from its pageInfo.")
        return tuple(orjson.loads(payload))


def _mac(key: bytes, binding: str, payload: bytes) -> bytes:
    message = len(binding).to_bytes(4, "big") + binding.encode() + payload
    return hmac.digest(key, message, hashlib.sha256)[:_MAC_BYTES]
