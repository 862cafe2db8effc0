"""Answers other than a JSON value: bytes, a redirect, the answer of a remote service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from proxy.message import Rest

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer that is sent unchanged. Its headers include the content type.

    `rest`: what follows the content, sent as it comes.
    """

    status: int = 200
    headers: Headers = ()
    content: bytes = b""
    rest: Rest | None = None

    @classmethod
    def to(cls, address: str) -> Self:
        """Redirect to an address with 302 (RFC 9110 §15.4.3)."""
        return cls(status=302, headers=(("location", address), ("cache-control", "no-store")))
