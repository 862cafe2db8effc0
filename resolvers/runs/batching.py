"""Batches: several records in one call, and which of them failed by the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from models.vocabulary import CapabilityEffect, RecordFault
from proxy.expressions import ExpressionRefused
from proxy.inputs.exact import write_json
from proxy.records import Faulty
from proxy.retry import IDEMPOTENT
from resolvers.flows.content_step import ContentStep
from resolvers.runs.attempt import Attempt
from resolvers.runs.calling import ask, words_of
from resolvers.runs.fates import Failing
from resolvers.runs.faults import PASSING
from resolvers.runs.replies import Ready, Reply, Successes, failure_of, kept_answer, sent_key

_ITEMS: Final = "items"


def batches_of(ready: Sequence[Ready], size: int) -> list[Sequence[Ready]]:
    """The records in batches of at most this size."""
    return [ready[start : start + size] for start in range(0, len(ready), size)]


async def send_batch(
    attempt: Attempt, step: ContentStep, group: Sequence[Ready], earlier: Successes | None
) -> dict[int, Reply]:
    """Send records in one call. Answers the reply for each by its index.

    A batch that is refused as a whole is sent again in halves if that cannot do anything twice: its method is
    idempotent, or each record has a key of the step's own. Else all of it is one error.
    """
    together = hashlib.sha256("\0".join(one.key for one in group).encode()).hexdigest()
    key = None if step.effect is CapabilityEffect.READ else sent_key(attempt, step, together)
    before = None if earlier is None else earlier.take(key)
    if before is not None:
        status, data = await kept_answer(attempt, before)
        return await _by_item(attempt, step, group, Reply(status=status, data=data, dispatch_id=before.id))
    try:
        said = await ask(attempt, step, _inputs(step, group), key=key, keeps=key is not None)
    except Faulty as faulty:
        return _as_one(group, Reply(failure=Failing.of(faulty)))
    attempt.note(said)
    failure = failure_of(said)
    reply = Reply(status=said.status, data=said.data, failure=failure, dispatch_id=said.answer.dispatch.id)
    if failure is None:
        return await _by_item(attempt, step, group, reply)
    if len(group) > 1 and failure.fault not in PASSING and not said.down and _is_divisible(step):
        middle = len(group) // 2
        first = await send_batch(attempt, step, group[:middle], earlier)
        return first | await send_batch(attempt, step, group[middle:], earlier)
    return _as_one(group, reply)


def _inputs(step: ContentStep, group: Sequence[Ready]) -> Any:
    values = [one.inputs for one in group]
    name = (step.batch or {}).get("input")
    if name is None and step.capability is None:
        return values
    return {str(name or _ITEMS): values}


def _is_divisible(step: ContentStep) -> bool:
    if step.record_key is not None:
        return True
    method = step.capability.method if step.capability is not None else (step.request or {}).get("method", "")
    return str(method) in IDEMPOTENT


def _as_one(group: Sequence[Ready], reply: Reply) -> dict[int, Reply]:
    """One error for all: the first record's row keeps every one."""
    values = [one.value for one in group]
    found = {}
    for place, one in enumerate(group):
        found[one.index] = Reply(
            status=reply.status,
            data=reply.data,
            failure=reply.failure,
            dispatch_id=reply.dispatch_id,
            value=values if len(group) > 1 else None,
            kept=place == 0,
        )
    return found


async def _by_item(attempt: Attempt, step: ContentStep, group: Sequence[Ready], reply: Reply) -> dict[int, Reply]:
    """The replies of a batch that was answered, by the item of each record if the answer has items."""
    batch = step.batch or {}
    if not batch.get("results"):
        return {one.index: reply for one in group}
    try:
        items = await _evaluated(attempt, str(batch["results"]), reply.data)
        if not isinstance(items, list):
            raise ExpressionRefused(f"The answer has no list at `{batch['results']}`.")
        matched = await _matched(attempt, batch, group, items)
        return {
            one.index: await _of_item(attempt, batch, reply, matched.get(one.index), one.index in matched)
            for one in group
        }
    except ExpressionRefused as refusal:
        failure = Failing(fault=RecordFault.PARSE, message=str(refusal), dispatch_id=reply.dispatch_id)
        return _as_one(group, Reply(status=reply.status, failure=failure, dispatch_id=reply.dispatch_id))


async def _matched(
    attempt: Attempt, batch: dict[str, Any], group: Sequence[Ready], items: list[Any]
) -> dict[int, Any]:
    """The item of each record's index: by the same id in both, else by position."""
    if not batch.get("id"):
        if len(items) != len(group):
            raise ExpressionRefused(f"The answer has {len(items)} results for {len(group)} records.")
        return {one.index: item for one, item in zip(group, items, strict=True)}
    path = str(batch["id"])
    by_id = {write_json(await _evaluated(attempt, path, item), sort=True): item for item in items}
    found = {}
    for one in group:
        name = write_json(await _evaluated(attempt, path, one.inputs), sort=True)
        if name != b"null" and name in by_id:
            found[one.index] = by_id[name]
    return found


async def _of_item(attempt: Attempt, batch: dict[str, Any], reply: Reply, item: Any, is_there: bool) -> Reply:
    if not is_there:
        message = "The answer says nothing about this record."
        missing = Failing(fault=RecordFault.MISSING, message=message, dispatch_id=reply.dispatch_id)
        return Reply(status=reply.status, failure=missing, dispatch_id=reply.dispatch_id)
    ok = True if not batch.get("ok") else await _evaluated(attempt, str(batch["ok"]), item)
    failure: Failing | None = None
    if ok is not True:
        message = f"The remote service refused this record. {words_of(item)}".strip()
        failure = Failing(fault=RecordFault.VALUE, message=message, dispatch_id=reply.dispatch_id)
    return Reply(status=reply.status, data=item, failure=failure, dispatch_id=reply.dispatch_id)


async def _evaluated(attempt: Attempt, expression: str, value: Any) -> Any:
    return await attempt.hub.expressions.evaluate(expression, value, lane=attempt.lane)
