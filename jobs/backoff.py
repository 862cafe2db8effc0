"""How long to wait before the next try."""

from __future__ import annotations

from typing import Final

FIRST_MS: Final = 1_000
LONGEST_MS: Final = 600_000


def backoff_ms(attempt: int, chance: float, *, first_ms: int = FIRST_MS, longest_ms: int = LONGEST_MS) -> int:
    """Milliseconds after the attempt that failed, counted from 1: doubled each time, up to `longest_ms`.

    `chance`, from 0 to 1, spreads it over the upper half, so that what failed together is not retried together.
    """
    most = min(first_ms * 2 ** min(attempt - 1, 40), longest_ms)
    return int(most / 2 + most / 2 * chance)
