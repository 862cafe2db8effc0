"""The wait before the next try of a job."""

from __future__ import annotations

from typing import Final

FIRST_MS: Final = 1_000
LONGEST_MS: Final = 600_000


def backoff_ms(attempt: int, chance: float, *, first_ms: int = FIRST_MS, longest_ms: int = LONGEST_MS) -> int:
    """Milliseconds to wait after failed attempt `attempt`, counted from 1: doubled each time, up to `longest_ms`.

    `chance`, from 0 to 1, spreads the wait over its upper half: jobs that failed together are not retried together.
    """
    most = min(first_ms * 2 ** min(attempt - 1, 40), longest_ms)
    return int(most / 2 + most / 2 * chance)
