"""What goes out and what comes back, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.errors import UpstreamFailed

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboundRequest:
    """One call. Names and values have passed `check_header`; `url` is absolute and percent-encoded.

    `timeout_seconds` is the whole time, tries and answer's body included. `lane` is the organization, by
    which concurrency is capped. `retry_safe`: doing it twice does no harm though the method is not
    idempotent, because the remote service was given a key. `max_answer_bytes` takes the place of the egress's.
    `pooled`, for calls that come often: over a connection that an earlier call left, which the other side may close
    just then; nobody knows whether it still did what it was sent. Others have a connection of their own.
    """

    method: str
    url: str
    headers: Headers = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout_seconds: float = 30.0
    lane: str
    retry_safe: bool = False
    max_answer_bytes: int | None = None
    pooled: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The remote service answered, with whatever status; the body is decompressed."""

    status: int
    headers: Headers
    content_type: str | None
    body: bytes
    attempts: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """The remote service gave no answer that could be used, after so many tries."""

    error: UpstreamFailed
    attempts: int
