"""A page of an export: requested, read, and its records taken one by one."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from models.errors import InvalidInput
from models.vocabulary import NullMembers, RecordFault, RunReason
from proxy.inputs.exact import write_json
from proxy.paging import Page, Paging, Reply, Turn, since
from proxy.records import Faulty, Mapping, checked, mapped
from resolvers.flows.content_step import ContentStep
from resolvers.runs.attempt import Attempt
from resolvers.runs.calling import Said, ask, suspended
from resolvers.runs.cursor import Cursor
from resolvers.runs.ends import RunEnded, failed
from resolvers.runs.faults import RecordError
from resolvers.runs.items import NONE, Counts, Item
from resolvers.runs.recording import StepDone


@dataclass(frozen=True, kw_only=True)
class Worked:
    """The work of a step on a page. `items`: the records that go on; `stopped`: the counts of those that do not.

    `at`: the cursor with what the work has found out about the next page.
    """

    done: StepDone
    at: Cursor
    items: list[Item] = field(repr=False)
    stopped: Counts = NONE


async def read_page(attempt: Attempt, step: ContentStep, payload: Any) -> Worked:
    """Read the next page of an export. Raises RunSuspended, and RunEnded for a page that cannot be read."""
    paging = _paging(step)
    turn = paging.resumed(attempt.cursor.paging or {})
    inputs = await _inputs(attempt, step, payload, turn)
    try:
        said = await ask(attempt, step, inputs, key=None, url=turn.url)
    except Faulty as fault:
        raise failed(RunReason.EXPORT, f"Step {step.name}: {fault.message}") from fault
    status = said.status
    if said.fault is not None and (status is None or not paging.ends_with(status)):
        raise _unread(step, said)
    page = await asyncio.to_thread(paging.turned, turn.state, _reply(said), spent_ms=attempt.active_ms)
    return await asyncio.to_thread(_taken, attempt, page)


def _taken(attempt: Attempt, page: Page) -> Worked:
    """The page with its records judged one by one: a record that cannot be kept is an error, not the page's end."""
    items: list[Item] = []
    errors: list[RecordError] = []
    done_already = not attempt.content.processors
    for record in page.records:
        try:
            checked(record)
        except Faulty as fault:
            errors.append(_unfit(record, fault, attempt.secrets))
        else:
            items.append(Item(value=record, touched=done_already))
    counts = Counts(written=len(items), errors=len(errors))
    done = StepDone(
        counts=counts,
        input_count=counts.total,
        stop_reason=page.stop,
        page_digest=page.digest,
        note=page.fault,
        errors=errors,
    )
    following = None if page.next is None else page.next.state
    at = replace(attempt.cursor, paging=following, fault=page.fault)
    return Worked(done=done, at=at, items=items, stopped=Counts(errors=len(errors)))


def _unfit(record: object, fault: Faulty, secrets: tuple[str, ...]) -> RecordError:
    """The error of a record that cannot be kept: only its beginning is, as text."""
    try:
        text = write_json(record).decode()
    except ValueError:
        text = repr(record)
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    beginning = text[:1_000].encode(errors="replace").decode()
    return RecordError(fault=fault.fault, message=fault.message, value=beginning, record_key=digest, secrets=secrets)


def _paging(step: ContentStep) -> Paging:
    try:
        return Paging.read(step.pagination)
    except InvalidInput as refusal:
        raise failed(RunReason.CONFIG, f"Step {step.name}: {refusal.message}") from refusal


async def _inputs(attempt: Attempt, step: ContentStep, payload: Any, turn: Turn) -> dict[str, Any]:
    seen = {"payload": payload, "since": since(attempt.cursor.since.get(step.step_id))}
    found: Any = {}
    if step.mapping is not None:
        mapping = Mapping(text=step.mapping, nulls=step.nulls or NullMembers.OMIT)
        try:
            found = await mapped(attempt.hub.expressions, mapping, seen, lane=attempt.lane)
        except Faulty as fault:
            raise failed(RunReason.CONFIG, f"Step {step.name}: {fault.message}") from fault
    if not isinstance(found, dict):
        raise failed(RunReason.CONFIG, f"Step {step.name}: its mapping must select an object of inputs by name.")
    try:
        return turn.merged(found)
    except InvalidInput as refusal:
        raise failed(RunReason.CONFIG, f"Step {step.name}: {refusal.message}") from refusal


def _unread(step: ContentStep, said: Said) -> Exception:
    """The end of a run whose page failed, or its wait: a service that is not there is no fault of the export."""
    if said.down:
        return suspended(step, said.message, refused=said.refused)
    reason = RunReason.CONFIG if said.fault is RecordFault.CONFIG else RunReason.EXPORT
    return _ended(reason, step, said.message)


def _ended(reason: RunReason, step: ContentStep, message: str) -> RunEnded:
    return failed(reason, f"Step {step.name}: {message}")


def _reply(said: Said) -> Reply:
    response = said.answer.response
    return Reply(
        status=0 if response is None else response.status,
        url=said.answer.url,
        headers=() if response is None else response.answer.headers,
        body=said.data,
        parse_error=None if response is None or response.json is not None else _no_json(said),
        secrets=said.answer.secrets,
    )


def _no_json(said: Said) -> str | None:
    response = said.answer.response
    if response is None or not response.answer.body:
        return None
    return response.parse_error or f"It is {response.content_type or 'of no type'}, not JSON."
