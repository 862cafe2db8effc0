"""Failures of dispatches: the kind and the sentence of one that did not succeed, at once and from a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from models.errors import DomainError, TooMany, UpstreamFailed
from models.tables import Dispatch
from models.vocabulary import DispatchOutcome, UpstreamFailure

_UNKNOWN: Final = "The outcome of the call to the remote service is unknown."
#: Kinds by outcome, where the record is all that is known.
_KINDS: Final = {
    DispatchOutcome.TIMED_OUT: UpstreamFailure.TIMEOUT,
    DispatchOutcome.OUTCOME_UNKNOWN: UpstreamFailure.TIMEOUT,
    DispatchOutcome.REFUSED: UpstreamFailure.BLOCKED,
}


@dataclass(frozen=True, kw_only=True)
class DispatchFailure:
    """Why a dispatch did not succeed. `retry_after_seconds`: after a limit of the hub's own, if waiting helps."""

    kind: UpstreamFailure
    message: str
    retry_after_seconds: int | None = None


def failure_of(
    record: Dispatch, kind: UpstreamFailure | None = None, refusal: DomainError | None = None
) -> DispatchFailure | None:
    """The failure of an ended dispatch; None if it succeeded. `refusal`: the hub's own, after the intent was written.

    Without a `kind` it is made from the record: ERROR_STATUS if a status is known.
    """
    if record.outcome is DispatchOutcome.SUCCEEDED:
        return None
    if isinstance(refusal, UpstreamFailed):
        kind = refusal.reason
    if kind is None and record.outcome in _KINDS:
        kind = _KINDS[record.outcome]
    by_status = UpstreamFailure.UNREACHABLE if record.external_status is None else UpstreamFailure.ERROR_STATUS
    return DispatchFailure(
        kind=kind or by_status,
        message=record.error or _UNKNOWN,
        retry_after_seconds=refusal.retry_after_seconds if isinstance(refusal, TooMany) else None,
    )
