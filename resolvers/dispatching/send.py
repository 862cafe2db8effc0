"""The call itself, between its two durable records: the intent before it, the outcome before the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from models.errors import DomainError, Unavailable
from models.tables import Connection, Dispatch
from models.vocabulary import DispatchOutcome, HttpMethod, UpstreamFailure
from proxy.answer_head import read_head
from proxy.call import Answer, Failure
from proxy.message import Rest
from proxy.redact import redact
from resolvers.dispatching.credential import note_answer
from resolvers.dispatching.response import Response, response_of, seal_failure, seal_response
from resolvers.dispatching.streaming import Ended, RecordedRest
from resolvers.hub import Hub
from resolvers.oauth.call import call_with_token, due_token
from resolvers.outbound.request import Outbound
from resolvers.recorder import Existing, Intent, KeyRelease, Outcome

_OUTCOMES = {
    UpstreamFailure.TIMEOUT: DispatchOutcome.TIMED_OUT,
    UpstreamFailure.BLOCKED: DispatchOutcome.REFUSED,
}
_NO_COLUMNS = ("key", "record_key", "keeps_record_answer")
_ENDED = ("outcome", "external_status", "error", "attempt_count", "response_bytes", "finished_at")
_STOPPED = "The call was stopped before its answer came, so nobody knows whether the remote service did it."
_UNRECORDED = (
    "The call was sent, but its outcome could not be recorded."
    " Look at the remote service before you repeat it; with an idempotency key it is not sent again."
)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A dispatch that is ready to be sent: its intent and its request. `connection` has the credential, if any."""

    intent: Intent
    outbound: Outbound
    connection: Connection | None = None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The result of sending. `existing`: another call has the key, and nothing was sent.

    `outcome` is None if the answer has not ended; then reading its rest to the end records it.
    `kind`: how the call failed. `refusal`: the hub itself had no room for the call, and the key is free again.
    `renewed`: tokens that were fetched for the call.
    """

    outcome: Outcome | None = None
    response: Response | None = None
    kind: UpstreamFailure | None = None
    refusal: DomainError | None = None
    existing: Existing | None = None
    renewed: tuple[str, ...] = field(default=(), repr=False)


async def send(hub: Hub, prepared: Prepared) -> Sent:
    """Get the token that is due, record the intent, call, record the outcome.

    Raises NotReady, UpstreamFailed and NotFound if there is no token for the call: then nothing is recorded. Raises
    Unavailable if the database cannot record the intent (nothing is sent) or the outcome; the message says which.
    """
    intent, started = prepared.intent, time.monotonic()
    request, held = prepared.outbound.request, prepared.outbound.held
    fresh = await due_token(hub, request, held)
    (existing,) = await hub.recorder.write([intent])
    if existing is not None:
        return Sent(existing=existing)
    renewed: list[str] = []
    request = replace(request, timeout_seconds=max(request.timeout_seconds - (time.monotonic() - started), 0))
    try:
        result = await call_with_token(hub, request, held, fresh=fresh, renewed=renewed)
    except asyncio.CancelledError:
        await _record_stopped(hub, intent)
        raise
    except DomainError as refusal:
        outcome = _refused(hub, intent, refusal)
        await hub.recorder.write([outcome, KeyRelease(intent=intent)])
        return Sent(outcome=outcome, refusal=refusal)
    if isinstance(result, Failure):
        sent = _failed(hub, prepared, result)
    else:
        sent = await _answered(hub, prepared, result, renewed)
    if sent.outcome is not None:
        await _record(hub, sent.outcome)
    if sent.response is not None:
        await note_answer(hub, prepared.connection, sent.response)
    return sent


def row_of(intent: Intent, outcome: Outcome | None) -> Dispatch:
    """The record with its outcome if there is one yet, without reading it again."""
    ended: Mapping[str, Any] = {} if outcome is None else {name: getattr(outcome, name) for name in _ENDED}
    return Dispatch(
        **{name: value for name, value in vars(intent).items() if name not in _NO_COLUMNS},
        idempotency_key=intent.idempotency_key,
        **ended,
    )


async def _record_stopped(hub: Hub, intent: Intent) -> None:
    """Record that nobody waits for the answer any more. Without a database the reaper does it later."""
    with suppress(Unavailable):
        stopped = _outcome(hub, intent, DispatchOutcome.OUTCOME_UNKNOWN, error=_STOPPED)
        await asyncio.shield(hub.recorder.write([stopped]))


async def _record(hub: Hub, outcome: Outcome) -> None:
    try:
        await hub.recorder.write([outcome])
    except Unavailable as cause:
        raise Unavailable(_UNRECORDED) from cause


async def _answered(hub: Hub, prepared: Prepared, answer: Answer, renewed: Sequence[str]) -> Sent:
    intent, secrets = prepared.intent, (*prepared.outbound.secrets, *renewed)
    url, is_head = prepared.outbound.request.url, intent.method is HttpMethod.HEAD
    head = read_head(answer, url, now=hub.clock(), secrets=secrets, is_head=is_head)
    if answer.rest is not None:
        return Sent(response=await response_of(_streamed(hub, prepared, answer, answer.rest), head))
    response = await response_of(answer, head)
    outcome = _outcome(
        hub,
        intent,
        DispatchOutcome.SUCCEEDED if response.succeeded else DispatchOutcome.UPSTREAM_FAILED,
        external_status=answer.status,
        attempt_count=answer.attempts,
        response_bytes=len(answer.body),
        used_connection_id=prepared.connection.id if prepared.connection else None,
        response=seal_response(hub, intent, response) if intent.keeps_answer else None,
        error=None if response.succeeded else f"The remote service answered {answer.status}.",
    )
    kind = None if response.succeeded else UpstreamFailure.ERROR_STATUS
    return Sent(outcome=outcome, response=response, kind=kind, renewed=tuple(renewed))


def _streamed(hub: Hub, prepared: Prepared, answer: Answer, rest: Rest) -> Answer:
    """The answer whose outcome is recorded at its end."""

    async def record(ended: Ended) -> None:
        word, sentence = _end_of(ended)
        outcome = _outcome(
            hub,
            prepared.intent,
            word,
            external_status=answer.status,
            attempt_count=answer.attempts,
            response_bytes=ended.size,
            used_connection_id=prepared.connection.id if prepared.connection else None,
            error=None if sentence is None else redact(sentence, prepared.outbound.secrets),
        )
        await _record(hub, outcome)

    return replace(answer, rest=RecordedRest(rest, record))


def _end_of(ended: Ended) -> tuple[DispatchOutcome, str | None]:
    if ended.failure is not None:
        return _OUTCOMES.get(ended.failure.reason, DispatchOutcome.UPSTREAM_FAILED), ended.failure.message
    if ended.stopped:
        return DispatchOutcome.OUTCOME_UNKNOWN, "The hub was stopped before the end of the answer."
    return DispatchOutcome.SUCCEEDED, "The caller did not take the whole answer." if ended.left else None


def _failed(hub: Hub, prepared: Prepared, failure: Failure) -> Sent:
    outcome = _outcome(
        hub,
        prepared.intent,
        _OUTCOMES.get(failure.error.reason, DispatchOutcome.UPSTREAM_FAILED),
        external_status=failure.error.external_status,
        attempt_count=failure.attempts,
        used_connection_id=prepared.connection.id if prepared.connection else None,
        response=seal_failure(hub, prepared.intent, failure.error.reason) if prepared.intent.key else None,
        error=redact(failure.error.message, prepared.outbound.secrets),
    )
    return Sent(outcome=outcome, kind=failure.error.reason)


def _refused(hub: Hub, intent: Intent, refusal: DomainError) -> Outcome:
    return _outcome(hub, intent, DispatchOutcome.REFUSED, error=refusal.message)


def _outcome(hub: Hub, intent: Intent, outcome: DispatchOutcome, **facts: Any) -> Outcome:
    known: dict[str, Any] = {
        "external_status": None,
        "error": None,
        "attempt_count": 0,
        "response_bytes": None,
        "response": None,
        "used_connection_id": None,
    }
    return Outcome(
        dispatch_id=intent.id,
        outcome=outcome,
        finished_at=hub.clock(),
        **(known | facts),
    )
