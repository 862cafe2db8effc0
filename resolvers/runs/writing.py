"""A step's work on the records of a page: filtered, mapped, keyed, sent side by side, and merged with the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from models.vocabulary import BodyFormat, CapabilityEffect, HttpMethod, LookupMiss, NullMembers, RecordFault
from proxy.records import Answered, Faulty, Mapping, filter_page, key_page, map_page, merge_page
from resolvers.flows.content_step import ContentStep
from resolvers.runs.attempt import Attempt
from resolvers.runs.fates import Failing, Fate, counted, failing, stopped
from resolvers.runs.items import Item
from resolvers.runs.reading import Worked
from resolvers.runs.recording import StepDone
from resolvers.runs.replies import Ready, Reply
from resolvers.runs.requests import QUERIED
from resolvers.runs.sampling import samples_of
from resolvers.runs.sending import send_all

_MISSED: Final = "The look-up found nothing for this record."
_X_IN: Final = "x-in"


async def work_page(attempt: Attempt, step: ContentStep) -> Worked:
    """A step's work on the page of an attempt. Raises RunSuspended, RunEnded and Retry: then nothing is counted."""
    items = attempt.items
    fates = await work_records(attempt, step, items)
    samples = samples_of(attempt, items, fates)
    done = StepDone(
        counts=counted(fates),
        input_count=len(items),
        samples=samples,
        errors=[fate.error for fate in fates if fate.error is not None],
        written_keys=[fate.key for fate in fates if fate.key],
    )
    kept = attempt.cursor.kept
    if samples:
        place = str(attempt.cursor.position)
        kept = {**kept, place: kept.get(place, 0) + len(samples)}
    left = [fate.item for fate in fates if fate.item is not None]
    return Worked(done=done, at=replace(attempt.cursor, kept=kept), items=left, stopped=stopped(items, fates))


async def work_records(attempt: Attempt, step: ContentStep, items: Sequence[Item]) -> list[Fate]:
    """The fates of records at a step, in their order."""
    fates: list[Fate | None] = [None] * len(items)
    ready = await _prepared(attempt, step, items, fates)
    replies = await send_all(attempt, step, ready)
    answered: list[tuple[Ready, Reply]] = []
    for one, reply in zip(ready, replies, strict=True):
        fate = _fate_of(attempt, step, items[one.index], one, reply)
        if fate is None:
            answered.append((one, reply))
        else:
            fates[one.index] = fate
    await _merge(attempt, step, items, answered, fates)
    return [fate for fate in fates if fate is not None]


async def _prepared(
    attempt: Attempt, step: ContentStep, items: Sequence[Item], fates: list[Fate | None]
) -> list[Ready]:
    """The records that are to be sent, with their inputs and keys; the others have their fate."""
    expressions, lane = attempt.hub.expressions, attempt.lane

    def settle(index: int, faulty: Faulty) -> None:
        fates[index] = failing(step, items[index], Failing.of(faulty), attempt.secrets)

    indexes: list[int] = []
    found = await filter_page(expressions, step.filter, [item.value for item in items], lane=lane)
    for index, verdict in enumerate(found):
        if isinstance(verdict, Faulty):
            settle(index, verdict)
        elif verdict:
            indexes.append(index)
        else:
            fates[index] = Fate(word="ignored", item=items[index])
    inputs = await map_page(expressions, mapping_of(step), [items[index].value for index in indexes], lane=lane)
    mapped: list[tuple[int, Any]] = []
    for index, value in zip(indexes, inputs, strict=True):
        if isinstance(value, Faulty):
            settle(index, value)
        else:
            mapped.append((index, value))
    values, sent = [items[index].value for index, _ in mapped], [value for _, value in mapped]
    keys = await key_page(expressions, step.record_key, values, sent, lane=lane)
    ready = []
    for (index, value), key in zip(mapped, keys, strict=True):
        if isinstance(key, Faulty):
            settle(index, key)
        else:
            ready.append(Ready(index=index, value=items[index].value, inputs=value, key=key))
    return ready


def mapping_of(step: ContentStep) -> Mapping:
    """The mapping of a step: null members are left out of queries, and of bodies if the step says so."""
    if step.batch_size > 1 or step.capability is None:
        method = HttpMethod((step.request or {}).get("method", HttpMethod.GET))
        queried = step.capability is None and method in QUERIED
        usual = NullMembers.OMIT if queried else NullMembers.KEEP
        return Mapping(text=step.mapping, nulls=step.nulls or usual)
    schema = step.capability.input_schema
    members: dict[str, Any] = schema.get("properties") or {}
    bodiless = step.capability.method in QUERIED or step.capability.body_format is not BodyFormat.JSON
    places = {name: (one.get(_X_IN) if isinstance(one, dict) else None) for name, one in members.items()}
    return Mapping(
        text=step.mapping,
        nulls=step.nulls or (NullMembers.OMIT if bodiless else NullMembers.KEEP),
        omits=frozenset(name for name, place in places.items() if place in ("query", "header", "path")),
        required=frozenset(schema.get("required") or ()),
    )


def _fate_of(attempt: Attempt, step: ContentStep, item: Item, ready: Ready, reply: Reply) -> Fate | None:
    """The fate of a record by its answer; None for one whose answer is to be merged into it."""
    seen = {"sent": ready.inputs, "status": reply.status, "answer": reply.data}
    if step.effect is CapabilityEffect.READ and reply.is_missed:
        return _missed(attempt, step, item, ready, reply, seen)
    if reply.failure is None:
        return None
    failure = replace(reply.failure, key=ready.key)
    return failing(step, item, failure, attempt.secrets, value=reply.value, kept=reply.kept, seen=seen)


def _missed(
    attempt: Attempt, step: ContentStep, item: Item, ready: Ready, reply: Reply, seen: dict[str, Any]
) -> Fate:
    match step.on_miss:
        case LookupMiss.KEEP:
            return Fate(word="written", item=replace(item, touched=True), seen=seen)
        case LookupMiss.SKIP:
            return Fate(word="ignored", seen=seen)
        case LookupMiss.ERROR:
            failure = Failing(
                fault=RecordFault.MISSING, message=_MISSED, key=ready.key, dispatch_id=reply.dispatch_id
            )
            return failing(step, item, failure, attempt.secrets, seen=seen)


async def _merge(
    attempt: Attempt,
    step: ContentStep,
    items: Sequence[Item],
    answered: Sequence[tuple[Ready, Reply]],
    fates: list[Fate | None],
) -> None:
    """Merge answers into their records by the response mapping."""
    answers = [Answered(record=one.value, data=reply.data, status=reply.status or 0) for one, reply in answered]
    merged = await merge_page(attempt.hub.expressions, step.response_mapping, answers, lane=attempt.lane)
    for (one, reply), value in zip(answered, merged, strict=True):
        seen = {"sent": one.inputs, "status": reply.status, "answer": reply.data}
        item = items[one.index]
        if isinstance(value, Faulty):
            failure = replace(Failing.of(value, one.key), dispatch_id=reply.dispatch_id)
            fates[one.index] = failing(step, item, failure, attempt.secrets, seen=seen)
        else:
            done = replace(item, value=value, touched=True)
            fates[one.index] = Fate(word="written", item=done, seen=seen, key=one.key)
