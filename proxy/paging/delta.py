"""Delta: the time from which an export of changes reads, and how far a run moves it. Times are ms since 1970 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def since(value: int | None) -> str | None:
    """The time from which a run reads, in RFC 3339 with ms; None at first, and then it reads everything."""
    if value is None:
        return None
    text = (_EPOCH + timedelta(milliseconds=value)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def moved(
    value: int | None, *, read: int | None, started_at: int, lag_ms: int, failed_pages: int, moves: bool
) -> int | None:
    """The value after a run that read from `read` on: its start less the lag, never a record's time nor its own end.

    A record that changes during the run, or at the very ms of its start, is read by the next one. The lag is for
    services that show a change late. The value stays after a failed page, after a run that does not move it (a test,
    a retry, a run of a part), and if it is not `read` any more: a person has set it, or a run beside has moved it.
    It never goes back.
    """
    if failed_pages or not moves or value != read:
        return value
    return max(value or 0, started_at - lag_ms)
