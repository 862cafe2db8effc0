"""The schedule of retries: when a delivery is tried again; pure, the clock is an argument."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from proxy.retry import wait_asked

#: Seconds by which a receiver may put a try off with `Retry-After`, beyond the schedule's own wait.
MOST_ASKED: Final = 7200
#: The part of a wait by which it may be longer or shorter.
JITTER: Final = 0.2


def next_wait(
    waits: Sequence[int], attempt: int, delivery_id: str, *, now: datetime, retry_after: Sequence[str] = ()
) -> int | None:
    """Milliseconds from `now` to the next try, or None if all are used up.

    `waits`: seconds before the second try and each later one. `attempt`: the try that failed, from 1, within the
    series. `retry_after`: the values of that header (RFC 9110 §10.2.3) in their order; the first valid one counts,
    others are ignored. The wait is the schedule's, up to a fifth longer or shorter, or at least as long as asked, up
    to a fifth longer, capped at the schedule's wait and two hours. A delivery's attempt always has the same jitter;
    others have another one.
    """
    if attempt > len(waits):
        return None
    wait, chance = waits[attempt - 1], _chance(delivery_id, attempt)
    seconds = wait * (1 - JITTER + 2 * JITTER * chance)
    asked = [each for value in retry_after if (each := wait_asked(value, now)) is not None]
    if asked:
        most = wait + MOST_ASKED + wait * JITTER * chance
        seconds = max(seconds, min(asked[0] + max(wait, asked[0]) * JITTER * chance, most))
    return math.ceil(seconds * 1000)


def _chance(delivery_id: str, attempt: int) -> float:
    """A number from 0 to 1, exclusive, by the delivery and the attempt."""
    digest = hashlib.sha256(f"{delivery_id}:{attempt}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
