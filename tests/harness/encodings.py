"""Texts that a lenient reader of base64url takes for another text."""

from __future__ import annotations

import base64
import string

_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def doubles(text: str) -> dict[str, str]:
    """Texts that stand for the same bytes as one in base64url without padding, by their difference."""
    found = {
        "a letter of no alphabet": f"{text[:5]}!{text[5:]}",
        "a line break": f"{text[:4]}\n{text[4:]}",
        "padding": text + "=" * (-len(text) % 4 or 4),
        "a space": f"{text} ",
    }
    for letter in _LETTERS:
        if letter != text[-1] and len(text) % 4 and _bytes(text[:-1] + letter) == _bytes(text):
            found["other bits past the end"] = text[:-1] + letter
    return found


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
