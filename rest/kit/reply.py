"""Answers that are more than a JSON value: bytes, an address to go to, what a remote service has said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What `write` gives in place of a JSON value. It is sent as it stands; a content type is among its headers."""

    status: int = 200
    headers: Headers = ()
    content: bytes = b""

    @classmethod
    def to(cls, address: str) -> Self:
        """Go there (RFC 9110 §15.4.3)."""
        return cls(status=302, headers=(("location", address), ("cache-control", "no-store")))
