"""Entity tags of answers (RFC 9110 §8.8.3): the caller's own view, hashed as it is sent."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_TAG: Final = re.compile(r'"[^"]*"')


def tag_of(content: bytes) -> str:
    """A strong tag: it differs as soon as one byte does."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(if_none_match: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names the tag, compared weakly, or anything there is (§13.1.2)."""
    named = (if_none_match or "").strip()
    return named == "*" or tag in _TAG.findall(named)
