"""Errors of records: their class, the group that they belong to, and the row that is kept of each."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Final

from models.vocabulary import RecordFault, UpstreamFailure

#: Faults of the other side that pass by themselves.
PASSING: Final = frozenset({RecordFault.INTERMITTENT, RecordFault.RATE_LIMIT})
_BY_STATUS: Final = {
    401: RecordFault.CONNECTION,
    403: RecordFault.CONNECTION,
    404: RecordFault.MISSING,
    408: RecordFault.INTERMITTENT,
    409: RecordFault.DUPLICATE,
    410: RecordFault.MISSING,
    413: RecordFault.TOO_LARGE,
    425: RecordFault.INTERMITTENT,
    429: RecordFault.RATE_LIMIT,
    500: RecordFault.INTERMITTENT,
    502: RecordFault.INTERMITTENT,
    503: RecordFault.INTERMITTENT,
    504: RecordFault.INTERMITTENT,
}
_BY_FAILURE: Final = {
    UpstreamFailure.TIMEOUT: RecordFault.INTERMITTENT,
    UpstreamFailure.UNREACHABLE: RecordFault.INTERMITTENT,
    UpstreamFailure.BLOCKED: RecordFault.CONFIG,
    UpstreamFailure.BAD_RESPONSE: RecordFault.PARSE,
    UpstreamFailure.TOO_LARGE: RecordFault.TOO_LARGE,
}
#: Waits before a record is tried again by itself, in ms: five tries within about two hours.
WAITS: Final = (60_000, 300_000, 900_000, 1_800_000, 3_600_000)
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|“[^”]*”")
_VARIABLE: Final = re.compile(r"\b(?=[\w-]*\d)[\w-]+(?:\.\d+)*\b")
_LONGEST: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class RecordError:
    """A record that failed at a step, and is kept. `value`: as it came to the step; a list of `records` for a batch.

    `secrets`: texts that are masked where people see it. `waits`: it is tried again by itself.
    """

    fault: RecordFault
    message: str
    value: Any
    record_key: str
    dispatch_id: str | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    waits: bool = False
    touched: bool = False
    records: int = 1


def fault_of(status: int | None, kind: UpstreamFailure) -> RecordFault:
    """The class of a call that failed: by the status of its answer, else by the kind of the failure."""
    if status is not None and kind is UpstreamFailure.ERROR_STATUS:
        return _BY_STATUS.get(status, RecordFault.INTERMITTENT if status >= 500 else RecordFault.VALUE)
    return _BY_FAILURE.get(kind, RecordFault.INTERNAL)


def group_digest(step_id: str, fault: RecordFault, message: str) -> str:
    """The group of an error: of its step, class and the shape of its message, without numbers, ids and quotations."""
    shape = _VARIABLE.sub("#", _QUOTED.sub("*", message))
    return hashlib.sha256(f"{step_id}\0{fault}\0{shape}".encode()).hexdigest()


def sentence(text: str) -> str:
    """A message as it is stored: no NUL, no half of a surrogate pair, of limited length."""
    clean = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
    return clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…"
