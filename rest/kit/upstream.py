"""Dispatches that ended without an answer, for faces that have no word for such an outcome."""

from __future__ import annotations

from models.errors import UpstreamBlocked, UpstreamFailed, UpstreamTimeout
from models.tables import Dispatch
from models.vocabulary import DispatchOutcome


def no_answer(record: Dispatch) -> UpstreamFailed:
    """By the record, which an earlier call with the same key has left as well."""
    sentence = record.error or "It is not known what came of the call to the remote service."
    match record.outcome:
        case DispatchOutcome.TIMED_OUT:
            return UpstreamTimeout(sentence)
        case DispatchOutcome.REFUSED:
            return UpstreamBlocked(sentence)
    return UpstreamFailed(sentence)
