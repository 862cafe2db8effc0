"""Spread: flows that are due at one minute do not start at one second."""

from __future__ import annotations

import hashlib
from typing import Final

_SPREAD_MS: Final = 10_000


def start_delay(flow_id: str, *, exact: bool) -> int:
    """Milliseconds from a flow's due time to its start: always the same for a flow, none for an exact one."""
    digest = hashlib.sha256(flow_id.encode()).digest()
    return 0 if exact else int.from_bytes(digest[:4], "big") % (_SPREAD_MS + 1)
