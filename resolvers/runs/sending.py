"""Sending the records of a step: side by side, equal keys in their order, each key's success once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from jobs.kind import task_name
from models.vocabulary import CapabilityEffect, RunReason
from proxy.records import Faulty
from resolvers.flows.content_step import ContentStep
from resolvers.runs.attempt import Attempt
from resolvers.runs.batching import batches_of, send_batch
from resolvers.runs.calling import ask, suspended
from resolvers.runs.ends import failed
from resolvers.runs.fates import Failing
from resolvers.runs.replies import Ready, Reply, Successes, failure_of, kept_answer, sent_key, successes

#: Calls of one run at a time.
_SIDE_BY_SIDE: Final = 8
_TOO_LONG: Final = "The run has worked for longer than a run may; let it read fewer records, or raise the limit."


async def send_all(attempt: Attempt, step: ContentStep, ready: Sequence[Ready]) -> list[Reply]:
    """The answers for records, in their order. Raises RunSuspended, RunEnded and Retry after all calls have ended."""
    earlier = await successes(attempt) if attempt.resumes and step.effect is not CapabilityEffect.READ else None
    replies: dict[int, Reply] = {}

    async def one_by_one(group: Sequence[Ready]) -> None:
        for one in group:
            replies[one.index] = await _send_one(attempt, step, one, earlier)

    async def together(group: Sequence[Ready]) -> None:
        replies.update(await send_batch(attempt, step, group, earlier))

    batched = step.batch_size > 1
    groups = batches_of(ready, step.batch_size) if batched else _by_key(ready)
    await _side_by_side(attempt, groups, together if batched else one_by_one)
    _require_somebody(attempt, step, list(replies.values()))
    return [replies[one.index] for one in ready]


async def _send_one(attempt: Attempt, step: ContentStep, ready: Ready, earlier: Successes | None) -> Reply:
    key = None if step.effect is CapabilityEffect.READ else sent_key(attempt, step, ready.key)
    before = None if earlier is None else earlier.take(key)
    if before is not None:
        status, data = await kept_answer(attempt, before)
        return Reply(status=status, data=data, dispatch_id=before.id)
    keeps = key is not None and step.response_mapping is not None
    try:
        said = await ask(attempt, step, ready.inputs, key=key, keeps=keeps)
    except Faulty as faulty:
        return Reply(failure=Failing.of(faulty))
    attempt.note(said)
    return Reply(status=said.status, data=said.data, failure=failure_of(said), dispatch_id=said.answer.dispatch.id)


def _by_key(ready: Sequence[Ready]) -> list[list[Ready]]:
    """Groups of equal keys, in the order of their first records."""
    groups: dict[str, list[Ready]] = {}
    for one in ready:
        groups.setdefault(one.key, []).append(one)
    return list(groups.values())


async def _side_by_side(
    attempt: Attempt, groups: Sequence[Sequence[Ready]], send: Callable[[Sequence[Ready]], Awaitable[None]]
) -> None:
    """Send groups at once, as many as are allowed. After an error no further one begins; those under way end."""
    waiting: deque[Sequence[Ready]] = deque(groups)
    if attempt.probes and waiting:  # one call asks whether the other side is there again
        await send(waiting.popleft())

    async def work() -> None:
        try:
            while waiting:
                require_time(attempt)
                await send(waiting.popleft())
        finally:
            waiting.clear()  # after an error nobody begins another one

    name = task_name(attempt.context.job.operation)
    workers = [asyncio.create_task(work(), name=name) for _ in range(min(_SIDE_BY_SIDE, len(waiting)))]
    for result in await asyncio.gather(*workers, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def require_time(attempt: Attempt) -> None:
    """Raise RunEnded if the run has worked for as long as a run may."""
    if attempt.active_ms > attempt.hub.pace.run_limit * 1000:
        raise failed(RunReason.MAX_TIME, _TOO_LONG)


def _require_somebody(attempt: Attempt, step: ContentStep, replies: Sequence[Reply]) -> None:
    """Raise RunSuspended if every call of the step failed because nobody was there."""
    unheard = attempt.unheard
    attempt.unheard = None
    if unheard is not None and all(reply.failure is not None for reply in replies):
        raise suspended(step, unheard[0], refused=unheard[1])
