"""Filters of webhooks and flows: judged before the transaction where that is quick, else left to a job."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from models.database import Database
from models.errors import TooMany, Unavailable
from models.statement import spelled
from proxy.expressions import ExpressionRefused, Expressions, is_truthy
from resolvers.emission.draft import Draft
from resolvers.emission.matching import takes_type
from resolvers.emission.receivers import Receiver
from resolvers.emission.triggering import Triggered

#: For all filters of one emission.
MOST_SECONDS: Final = 0.5
_MINUTE_MS: Final = 60_000
#: Organizations with filters that are remembered, and webhooks with faults.
_MOST_REMEMBERED: Final = 1_000
_KINDS: Final = {dict: "an object", list: "a list", str: "a text", type(None): "null"}
#: In the place of a type of event: webhooks are remembered for all types together.
_ALL: Final = "*"
_NOTE: Final = "UPDATE webhook SET filter_faults = filter_faults + ?, filter_fault = ? WHERE id = ?"


@dataclass(frozen=True, kw_only=True)
class Result:
    """Whether a filter takes an event. `fault`: a sentence why it could not be judged, which counts as no."""

    takes: bool
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Faults:
    count: int
    sentence: str
    written_at: int | None = None


def filter_value(type: str, entity_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The value that a filter sees of an event."""
    return {"type": type, "entityId": entity_id, "payload": payload}


async def judge_filter(expressions: Expressions, filter: str, value: object, *, organization_id: str) -> Result:
    """Whether a filter takes an event with this `filter_value`. Raises TooMany if too much waits already."""
    try:
        found = await expressions.evaluate(filter, value, lane=organization_id, strict=True)
    except ExpressionRefused as refusal:
        return Result(takes=False, fault=str(refusal))
    return Result(takes=is_truthy(found))


async def judge_exactly(expressions: Expressions, filter: str, value: object, *, organization_id: str) -> Result:
    """Like `judge_filter`, for a flow: an answer that is neither true nor false is a fault."""
    try:
        found = await expressions.evaluate(filter, value, lane=organization_id, strict=True)
    except ExpressionRefused as refusal:
        return Result(takes=False, fault=str(refusal))
    if isinstance(found, bool):
        return Result(takes=found)
    sentence = f"The filter must answer true or false, and answered {_KINDS.get(type(found), 'a number')}."
    return Result(takes=False, fault=sentence)


class Filters:
    """Filters that the last emissions of this process have met: judging them needs no read before the transaction.

    The transaction reads webhooks and flows again, and uses a result only for the same one with the same filter.
    """

    def __init__(self, database: Database, expressions: Expressions) -> None:
        self._database = database
        self._expressions = expressions
        self._known: dict[tuple[str, str], Sequence[Receiver | Triggered]] = {}
        self._faults: dict[str, _Faults] = {}

    def learn(
        self, organization_id: str, receivers: Iterable[Receiver], type: str = "", flows: Iterable[Triggered] = ()
    ) -> None:
        """Remember the filters of an organization's webhooks, and of its flows that start by a type of event."""
        for key, found in (((organization_id, _ALL), receivers), ((organization_id, type), flows)):
            self._known.pop(key, None)
            if filtered := [one for one in found if one.filter is not None]:
                self._known[key] = filtered
        while len(self._known) > _MOST_REMEMBERED:
            self._known.pop(next(iter(self._known)))

    async def judge(self, draft: Draft, *, seconds: float = MOST_SECONDS) -> dict[tuple[str, str, str], bool]:
        """The results of the known filters on an event, of as many as are judged within `seconds`."""
        found: dict[tuple[str, str, str], bool] = {}
        place = draft.organization_id
        known = [*self._known.get((place, _ALL), ()), *self._known.get((place, str(draft.type)), ())]
        with contextlib.suppress(TimeoutError, TooMany):
            async with asyncio.timeout(seconds):
                for receiver in known:
                    if receiver.filter is None or not takes_type(receiver.event_patterns, draft.type):
                        continue
                    result = await self._judge(receiver, receiver.filter, draft)
                    if result is not None:
                        found[draft.id, receiver.id, receiver.filter] = result
        return found

    async def write_faults(self, now: int | None) -> None:
        """Write the counts of faults of webhooks that were last written a minute before `now`; None: of all.

        An unreachable database is no reason to refuse an event: the counts are written later.
        """
        due = [
            (webhook_id, one)
            for webhook_id, one in self._faults.items()
            if one.count and (now is None or one.written_at is None or now - one.written_at >= _MINUTE_MS)
        ]
        for webhook_id, one in due:
            self._faults[webhook_id] = replace(one, count=0, written_at=now)
            try:
                await self._write(webhook_id, one)
            except Unavailable:
                self._note(webhook_id, one.count, one.sentence)
        while len(self._faults) > _MOST_REMEMBERED:
            self._faults.pop(next(iter(self._faults)))

    async def _judge(self, receiver: Receiver | Triggered, filter: str, draft: Draft) -> bool | None:
        """Whether a filter takes an event. None for a fault of a flow's: its run tells of it."""
        value = filter_value(draft.type, draft.entity_id, draft.data)
        if isinstance(receiver, Triggered):
            exact = await judge_exactly(self._expressions, filter, value, organization_id=draft.organization_id)
            return exact.takes if exact.fault is None else None
        result = await judge_filter(self._expressions, filter, value, organization_id=draft.organization_id)
        if result.fault is not None:
            self._note(receiver.id, 1, result.fault)
        return result.takes

    def _note(self, webhook_id: str, count: int, sentence: str) -> None:
        before = self._faults.get(webhook_id) or _Faults(count=0, sentence=sentence)
        self._faults[webhook_id] = replace(before, count=before.count + count, sentence=sentence)

    async def _write(self, webhook_id: str, faults: _Faults) -> None:
        async with self._database.write() as session:
            connection = await session.connection()
            statement = spelled(_NOTE, sqlite=self._database.is_sqlite)
            await connection.exec_driver_sql(statement, (faults.count, faults.sentence, webhook_id))
