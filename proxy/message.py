"""Outbound requests and their results, as values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from models.errors import UpstreamFailed

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """How much of an answer's body is read: `most_bytes` within `seconds`. A coded one is left out."""

    most_bytes: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboundRequest:
    """One call. Names and values have passed `check_header`; `url` is absolute and percent-encoded.

    `timeout_seconds`: the whole time, including retries and the answer's body. `lane`: the organization, for which
    concurrency is limited. `retry_safe`: the call may be repeated though its method is not idempotent, because the
    remote service gets a key. `max_answer_bytes` replaces the egress's limit. `pooled`, for frequent calls: reuse the
    connection of an earlier call of the same `lane` and `credential`, an opaque id that is never the secret. The
    other side may close it at that moment; then it is unknown whether the call was executed. Other calls open their
    own connection. `streams`: a success may be handed over before its end, if it is an event stream or long.
    `excerpt`: the answer is complete with its head, only so much of its body is read, and no fault of the body is one
    of the answer. `repeats_stale`: on a kept connection that the other side closed without a byte of an answer, it is
    sent once more on a fresh one, whatever its method is.
    `gated`: a gate limits how many such calls run at once, so they take no place of the `lane`.
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
    streams: bool = False
    excerpt: Excerpt | None = None
    repeats_stale: bool = False
    gated: bool = False


class Rest(Protocol):
    """The rest of an answer, in pieces. Close it in any case; it holds a connection until then.

    `length`: bytes of the whole body, if they are known. Iterating raises UpstreamFailed and UpstreamTimeout.
    """

    @property
    def length(self) -> int | None: ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer of the remote service with any status. The body is decompressed.

    `rest`: its end has not come yet, and `body` is only its beginning.
    """

    status: int
    headers: Headers
    content_type: str | None
    body: bytes
    attempts: int = 1
    rest: Rest | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """The remote service gave no usable answer. `attempts`: the number of tries."""

    error: UpstreamFailed
    attempts: int
