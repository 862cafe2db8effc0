"""Dispatches that ended without an answer, for faces that cannot show an outcome."""

from __future__ import annotations

from models.errors import DomainError, UpstreamBlocked, UpstreamFailed, UpstreamTimeout
from models.vocabulary import DispatchOutcome
from resolvers.dispatching.attempt import Dispatched


def no_answer(done: Dispatched) -> DomainError:
    """The hub's own refusal, else one made from the record, also of an earlier call with the same key."""
    if done.refusal is not None:
        return done.refusal
    sentence = done.failure.message if done.failure else "The remote service gave no answer."
    match done.dispatch.outcome:
        case DispatchOutcome.TIMED_OUT:
            return UpstreamTimeout(sentence)
        case DispatchOutcome.REFUSED:
            return UpstreamBlocked(sentence)
    return UpstreamFailed(sentence)
