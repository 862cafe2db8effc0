"""A run's calls: made as the flow's user, judged by whose fault a failure is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Final

from jobs.job import Retry
from models.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NotReady,
    SecretUnreadable,
    TooMany,
    Unauthenticated,
    UpstreamFailed,
)
from models.vocabulary import RecordFault, RunReason, UnavailableReason, UpstreamFailure
from proxy.records import Faulty, read_answer
from resolvers.dispatching.prepare import RUN_STEP, StepCause
from resolvers.dispatching.response import Response
from resolvers.dispatching.stepping import StepAnswer, StepCall, dispatch_step
from resolvers.emission.draft import Cause
from resolvers.flows.content_step import ContentStep
from resolvers.runs.actor import actor_of
from resolvers.runs.attempt import Attempt
from resolvers.runs.chains import chain_header
from resolvers.runs.ends import RunEnded, RunSuspended, failed
from resolvers.runs.faults import fault_of
from resolvers.runs.requests import request_of

#: Calls in a row without the other side, after which the run waits for it.
_MOST_DOWNS: Final = 5
_TRIES: Final = 5
_ROOM_SECONDS: Final = 0.2
#: A pause asked for by the other side (429) that a run waits for at its place; for a longer one it gives it back.
_SHORT_PAUSE_MS: Final = 2_000
_UNAUTHORIZED: Final = 401
_DOWN_KINDS: Final = frozenset({UpstreamFailure.UNREACHABLE, UpstreamFailure.TIMEOUT})
_DOWN_STATUSES: Final = frozenset({502, 503, 504})
_RECONNECT: Final = frozenset(
    {UnavailableReason.NEEDS_RECONNECT, UnavailableReason.NO_CONNECTION, UnavailableReason.MISSING_SCOPES}
)
_LARGE: Final = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the other side said to a call. `fault`: the class of its failure, None for a success.

    `down`: nobody was there who could have answered, or a gateway said so; `refused`: the credential was. Neither
    says anything about the record.
    """

    answer: StepAnswer
    data: Any = None
    fault: RecordFault | None = None
    message: str = ""
    down: bool = False
    refused: bool = False

    @property
    def status(self) -> int | None:
        """The status of the answer."""
        return None if self.answer.response is None else self.answer.response.status


async def ask(
    attempt: Attempt, step: ContentStep, inputs: Any, *, key: str | None, url: str | None = None, keeps: bool = False
) -> Said:
    """Make a call of a step; `keeps`: its answer is stored. Only failures that may be the record's are returned.

    Raises Faulty for inputs that the step does not take, RunSuspended while the other side, the connection or the
    flow's user is not there, RunEnded for a step that cannot be carried out, and Retry if the hub has no room.
    """
    for _ in range(_TRIES):
        answer = await _answer(attempt, step, inputs, key=key, url=url, keeps=keeps)
        if answer is not None:
            attempt.learn(answer.secrets)
            said = await _judged(attempt, step, answer)
            if said is not None:
                return said
    raise Retry("The hub has no room for the calls of this run now.", after_ms=1_000, refund=True)


async def _answer(
    attempt: Attempt, step: ContentStep, inputs: Any, *, key: str | None, url: str | None, keeps: bool
) -> StepAnswer | None:
    """One try; None if the hub had no room for it."""
    actor = await actor_of(attempt.hub, attempt.run.organization_id, attempt.run.flow_id)
    actor = replace(actor, cause=origin(attempt))
    call = _call(attempt, step, inputs, key=key, url=url, keeps=keeps)
    try:
        answer = await dispatch_step(actor, call)
    except NotReady as refusal:
        needs = refusal.reason in _RECONNECT
        reason = RunReason.NEEDS_RECONNECT if needs else RunReason.NOT_READY
        raise RunSuspended(reason, _at(step, refusal.message)) from refusal
    except (Forbidden, Unauthenticated) as refusal:
        raise RunSuspended(RunReason.RUN_AS, _at(step, refusal.message)) from refusal
    except InvalidInput as refusal:
        raise Faulty(RecordFault.VALUE, refusal.message) from refusal
    except (NotFound, Conflict, SecretUnreadable) as refusal:
        raise failed(RunReason.CONFIG, _at(step, refusal.message)) from refusal
    except UpstreamFailed as refusal:
        raise RunSuspended(RunReason.UPSTREAM_DOWN, _at(step, refusal.message)) from refusal
    except TooMany:
        await asyncio.sleep(_ROOM_SECONDS)
        return None
    if isinstance(answer.refusal, TooMany):
        await asyncio.sleep(_ROOM_SECONDS)
        return None
    return answer


def _call(
    attempt: Attempt, step: ContentStep, inputs: Any, *, key: str | None, url: str | None, keeps: bool
) -> StepCall:
    cause = StepCause(
        step_id=step.step_id,
        run_step_id=attempt.cursor.run_step_id,
        correlation_id=attempt.run.correlation_id,
        record_key=key,
        keeps_answer=keeps,
    )
    header = chain_header(attempt.hub.keyring, attempt.lane, origin(attempt), attempt.hub.clock())
    call = StepCall(cause=cause, connection_id=step.connection_id, url=url, headers=(header,))
    if step.capability is None:
        return replace(call, request=request_of(step, inputs))
    if not isinstance(inputs, dict):
        raise Faulty(RecordFault.MAPPING, "The mapping must select an object: the inputs of the capability by name.")
    return replace(call, capability=step.capability, inputs=inputs)


async def _judged(attempt: Attempt, step: ContentStep, answer: StepAnswer) -> Said | None:
    """The answer by its meaning for the record; None if it is to be asked again after a short pause."""
    response, failure = answer.response, answer.failure
    data = None if response is None else await data_of(response)
    if failure is None:
        attempt.downs, attempt.probes = 0, False
        return Said(answer=answer, data=data)
    status = None if response is None else response.status
    fault = fault_of(status, failure.kind)
    message = f"{failure.message} {words_of(data)}".strip()
    if fault is RecordFault.RATE_LIMIT:
        asked = None if response is None or response.head.retry_after is None else response.head.retry_after
        wait = None if asked is None else max(asked - attempt.hub.clock(), 0)
        if wait is None or wait > _SHORT_PAUSE_MS:
            raise RunSuspended(RunReason.UPSTREAM_DOWN, _at(step, failure.message), after_ms=wait)
        await asyncio.sleep(wait / 1000)
        return None
    refused = status == _UNAUTHORIZED
    down = refused or failure.kind in _DOWN_KINDS or status in _DOWN_STATUSES
    if down:
        attempt.downs += 1
        if attempt.downs >= _MOST_DOWNS or attempt.probes:
            raise suspended(step, failure.message, refused=refused)
    else:
        attempt.downs, attempt.probes = 0, False
    return Said(answer=answer, data=data, fault=fault, message=message, down=down, refused=refused)


def suspended(step: ContentStep, message: str, *, refused: bool) -> RunSuspended:
    """The wait of a run for the other side, or for a credential that it takes."""
    reason = RunReason.NEEDS_RECONNECT if refused else RunReason.UPSTREAM_DOWN
    return RunSuspended(reason, _at(step, message))


async def data_of(response: Response) -> Any:
    """The value of an answer's JSON, else its text, else None."""
    if response.json is None:
        return response.text or response.base64
    raw = response.json.raw
    return await asyncio.to_thread(read_answer, raw) if len(raw) > _LARGE else read_answer(raw)


def origin(attempt: Attempt) -> Cause:
    """The step at work as the cause of all that comes of its calls."""
    run = attempt.run
    step = attempt.cursor.run_step_id
    return Cause(kind=RUN_STEP, id=step, correlation_id=run.correlation_id, chain=tuple(run.chain))


def config_fault(step: ContentStep) -> RunEnded | None:
    """The end of a run that meets a step that cannot be carried out; None if it can."""
    return None if step.cannot is None else failed(RunReason.CONFIG, step.cannot)


def _at(step: ContentStep, message: str) -> str:
    return f"Step {step.name}: {message}"


def words_of(data: object) -> str:
    """The first sentence of an answer, under the names that services give it; empty if there is none."""
    found = data
    for _ in range(2):
        if isinstance(found, dict):
            names = ("message", "error_description", "detail", "error", "title", "errors")
            found = next((found[name] for name in names if found.get(name)), None)
        elif isinstance(found, list) and found:
            found = found[0]
    return found[:300] if isinstance(found, str) else ""
