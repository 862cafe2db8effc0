"""Outbound requests and their results, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.errors import UpstreamFailed

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboundRequest:
    """One call. Names and values have passed `check_header`; `url` is absolute and percent-encoded.

    `timeout_seconds`: the whole time, including retries and the answer's body. `lane`: the organization, for which
    concurrency is limited. `retry_safe`: the call may be repeated though its method is not idempotent, because the
    remote service gets a key. `max_answer_bytes` replaces the egress's limit. `pooled`, for frequent calls: reuse the
    connection of an earlier call of the same `lane` and `credential`, an opaque id that is never the secret. The
    other side may close it at that moment; then it is unknown whether the call was executed. Other calls open their
    own connection.
    """

    method: str
    url: str
    headers: Headers = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout_seconds: float = 30.0
    lane: str
    credential: str = ""
    retry_safe: bool = False
    max_answer_bytes: int | None = None
    pooled: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer of the remote service with any status. The body is decompressed."""

    status: int
    headers: Headers
    content_type: str | None
    body: bytes
    attempts: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """The remote service gave no usable answer. `attempts`: the number of tries."""

    error: UpstreamFailed
    attempts: int
