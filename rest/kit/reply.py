"""Answers other than a JSON value: bytes, a redirect, the answer of a remote service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from proxy.body import json_of
from proxy.message import Rest

Headers = tuple[tuple[str, str], ...]

_JSON: Final = (("content-type", "application/json"),)


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

    @classmethod
    def json(cls, value: object, *, status: int = 200, headers: Headers = ()) -> Self:
        """A JSON value with a status and further headers, as `(("location", address),)`."""
        return cls(status=status, headers=(*_JSON, *headers), content=json_of(value))

    @classmethod
    def empty(cls, status: int, headers: Headers = ()) -> Self:
        """No body. A 205 has `Content-Length: 0` (RFC 9110 §15.3.6)."""
        return cls(status=status, headers=headers)
