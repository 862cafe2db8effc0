"""Entity tags of answers (RFC 9110 §8.8.3): hashes of the bytes sent to this caller."""

from __future__ import annotations

import hashlib

from wire.etags import known_tags


def tag_of(content: bytes) -> str:
    """A strong tag: any changed byte changes it."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(if_none_match: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names the tag, compared weakly, or is `*` (§13.1.2). A proxy may have changed it."""
    return tag.strip('"') in known_tags(if_none_match)
