"""Base64url without padding (RFC 4648 §5), one text for each value."""

from __future__ import annotations

import base64
import binascii


def encode(raw: bytes) -> str:
    """The text of some bytes."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes | None:
    """The bytes of a text that `encode` wrote; None for any other text.

    RFC 4648 lets several texts stand for the same bytes: bits past the end, padding, letters of no alphabet. A text
    that is kept or compared would then have doubles (§3.5).
    """
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error):
        return None
    return raw if encode(raw) == text else None
