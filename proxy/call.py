"""A call with its retries. A failure of the upstream is returned as a value, not raised."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime

from models.errors import UpstreamFailed
from models.vocabulary import UpstreamFailure
from proxy.body import Base64Body, Body, JsonBody, TextBody, read_body
from proxy.egress import Egress
from proxy.message import Answer, Failure, Headers, OutboundRequest
from proxy.receiving import was_cut
from proxy.retry import IDEMPOTENT, SAFE, next_delay

__all__ = [
    "Answer",
    "Base64Body",
    "Body",
    "Failure",
    "Headers",
    "JsonBody",
    "OutboundRequest",
    "TextBody",
    "call",
    "read_body",
]


def utc_now() -> datetime:
    """The current time of the system's clock, UTC."""
    return datetime.now(UTC)


async def call(
    egress: Egress,
    request: OutboundRequest,
    *,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    jitter: Callable[[], float] = random.random,
) -> Answer | Failure:
    """Send, and retry if that is safe and may help, all within the request's time.

    Raises errors that are not the upstream's: TooMany, InvalidInput.
    """
    deadline = clock() + request.timeout_seconds
    attempt = 0
    while True:
        attempt += 1
        outcome = await _try(egress, request, deadline - clock(), attempt)
        delay = next_delay(
            attempt=attempt,
            repeatable=request.retry_safe or request.method in _repeatable(outcome),
            result=_result(outcome),
            retry_after=_retry_after(outcome),
            now=now(),
            remaining=deadline - clock(),
            jitter=jitter(),
            first=egress.retry_seconds,
        )
        if delay is None:
            return outcome
        await sleep(delay)


async def _try(egress: Egress, request: OutboundRequest, within: float, attempt: int) -> Answer | Failure:
    try:
        answer = await egress.send(request, within=within)
    except UpstreamFailed as error:
        return Failure(error=error, attempts=attempt)
    return answer if attempt == 1 else replace(answer, attempts=attempt)


def _repeatable(outcome: Answer | Failure) -> Collection[str]:
    """Methods of calls that may be sent again. A call whose status has come was executed: a second DELETE fails."""
    was_executed = isinstance(outcome, Failure) and outcome.error.external_status is not None
    return SAFE if was_executed else IDEMPOTENT


def _result(outcome: Answer | Failure) -> int | UpstreamFailure:
    if isinstance(outcome, Answer):
        return outcome.status
    return UpstreamFailure.UNREACHABLE if was_cut(outcome.error) else outcome.error.reason


def _retry_after(outcome: Answer | Failure) -> str | None:
    headers = () if isinstance(outcome, Failure) else outcome.headers
    return next((value for name, value in headers if name.lower() == "retry-after"), None)
