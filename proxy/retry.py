"""The decision whether and when to retry an outbound call; pure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from models.vocabulary import UpstreamFailure

MAX_ATTEMPTS = 3
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})  # RFC 9110 §9.2.2
_STATUSES = frozenset({429, 502, 503, 504})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # RFC 9110 §9.2.1
#: What may pass on another try. A malformed answer, one that is too large, and a refused address do not.
_FAILURES = frozenset({UpstreamFailure.UNREACHABLE, UpstreamFailure.TIMEOUT})
RETRY_SECONDS = 0.2


def next_delay(
    *,
    attempt: int,
    repeatable: bool,
    result: int | UpstreamFailure,
    retry_after: str | None,
    now: datetime,
    remaining: float,
    jitter: float,
    first: float = RETRY_SECONDS,
) -> float | None:
    """Seconds to wait before the next try, or None if this result is final.

    `attempt`: from 1. `repeatable`: the call may be sent twice. `result`: an HTTP status or the kind of failure.
    `remaining`: seconds until the call's deadline. `jitter`: from 0 to 1. `first`: about the seconds before the
    second try; four times as many before the third. A `Retry-After` (RFC 9110 §10.2.3) beyond `remaining` ends the
    call at once: the caller learns sooner, and the server is not called too early.
    """
    if attempt >= MAX_ATTEMPTS or not repeatable:
        return None
    if result not in (_FAILURES if isinstance(result, UpstreamFailure) else _STATUSES):
        return None
    backoff = first * 4 ** (attempt - 1) * (0.5 + jitter)
    asked = wait_asked(retry_after, now)
    delay = backoff if asked is None else asked + first * jitter
    return delay if delay < remaining else None


def wait_asked(retry_after: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` asks for, 0 for a past date; None if it is invalid."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - now).total_seconds())
    except (ValueError, OverflowError):
        return None
