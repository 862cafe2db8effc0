"""Signatures of outgoing webhooks and their secrets, by the Standard Webhooks specification (scheme `v1`)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
#: Bytes of a secret: those that are made, and the bounds of the specification.
SECRET_BYTES: Final = 32
LEAST_BYTES: Final = 24
MOST_BYTES: Final = 64
_FORM: Final = f"A signing secret is {PREFIX} and {LEAST_BYTES} to {MOST_BYTES} bytes in standard base64"


def new_secret() -> str:
    """A fresh signing secret: `whsec_` and 32 random bytes in standard base64."""
    return PREFIX + base64.b64encode(randomness.token_bytes(SECRET_BYTES)).decode()


def read_secret(text: str) -> bytes:
    """The key in a signing secret. Raises ValueError with a sentence, without the secret, for any other form."""
    encoded = text.removeprefix(PREFIX)
    if encoded == text:
        raise ValueError(f"{_FORM}; this text does not begin with {PREFIX}. Leave it out to have one made.")
    try:
        key = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        key = b""
    if base64.b64encode(key).decode() != encoded or not key:
        raise ValueError(f"{_FORM} (A-Z a-z 0-9 + / and the padding =); this is no such base64.")
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(f"{_FORM}; this one has {len(key)} bytes.")
    return key


def signature(secrets: Sequence[str], message_id: str, timestamp_seconds: int, body: bytes) -> str:
    """The value of `webhook-signature`: `v1,` and a base64 HMAC-SHA256 for each secret, in their order.

    Signed are the id, the time of sending in seconds since 1970 UTC, and the body's bytes as they are, with dots
    between them. Raises ValueError without a secret, or for one in another form.
    """
    if not secrets:
        raise ValueError("There is no secret to sign with.")
    signed = f"{message_id}.{timestamp_seconds}.".encode() + body
    digests = [hmac.digest(read_secret(secret), signed, hashlib.sha256) for secret in secrets]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
