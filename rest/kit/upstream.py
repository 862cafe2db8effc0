"""Dispatches that ended without an answer, for faces that cannot show an outcome."""

from __future__ import annotations

from models.errors import UpstreamBlocked, UpstreamFailed, UpstreamTimeout
from models.tables import Dispatch
from models.vocabulary import DispatchOutcome


def no_answer(record: Dispatch) -> UpstreamFailed:
    """The refusal made from the record, which may be that of an earlier call with the same key."""
    sentence = record.error or "The outcome of the call to the remote service is unknown."
    match record.outcome:
        case DispatchOutcome.TIMED_OUT:
            return UpstreamTimeout(sentence)
        case DispatchOutcome.REFUSED:
            return UpstreamBlocked(sentence)
    return UpstreamFailed(sentence)
