"""Emitter: events of many callers, accepted together: those that arrive during one commit go into the next."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from jobs.bus import Bus
from models.database import Database
from models.errors import Contended
from proxy.expressions import Expressions
from resolvers.emission.accept import Accepted, accept, topics_of
from resolvers.emission.draft import Draft
from resolvers.emission.filters import Filters
from resolvers.recorder import Existing, Key
from resolvers.recorder.group import GroupCommit
from resolvers.recorder.statements import statements

#: Of one transaction: an organization may have a hundred webhooks, so these are at most some thousand deliveries.
_MOST: Final = 64
_TRIES: Final = 4
_PAUSE_SECONDS: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class KeyUse:
    """The use of an idempotency key by a caller of an organization, with the digest of its input."""

    organization_id: str
    key: Key
    digest: str


@dataclass(frozen=True, kw_only=True)
class Emission:
    """An event to accept. `tries`: attempts of each of its deliveries."""

    draft: Draft
    tries: int
    use: KeyUse | None = None
    judged: Mapping[tuple[str, str, str], bool] = field(default_factory=dict)


class Emitter:
    """Accepts events in group commits, one at a time in a process. Every accepted event is durable."""

    def __init__(self, database: Database, bus: Bus, expressions: Expressions) -> None:
        self._database = database
        self._bus = bus
        self._filters = Filters(database, expressions)
        self._group: GroupCommit[Emission, Accepted | Existing] = GroupCommit(self._write, most=_MOST)
        self._claim = statements(sqlite=database.is_sqlite)

    async def emit(self, emission: Emission) -> Accepted | Existing:
        """Accept an event, or answer the earlier use of its key. Raises Unavailable, and NotFound as `accept`."""
        draft = emission.draft
        judged = await self._filters.judge(draft)
        (result,) = await self._group.write([replace(emission, judged=judged)])
        if isinstance(result, Accepted):
            self._filters.learn(draft.organization_id, result.receivers, draft.type, result.flows)
        await self._filters.write_faults(draft.created_at)
        return result

    async def close(self) -> None:
        """Wait for the last commit, and write the faults of filters that are counted but not written."""
        await self._group.drain()
        await self._filters.write_faults(None)

    async def _write(self, batch: Sequence[Emission]) -> Sequence[Accepted | Existing]:
        for attempt in range(1, _TRIES):
            try:
                return await self._write_once(batch)
            except Contended:
                await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS * 2**attempt))  # noqa: S311  not for security
        return await self._write_once(batch)

    async def _write_once(self, batch: Sequence[Emission]) -> Sequence[Accepted | Existing]:
        async with self._database.write() as session:
            earlier = await self._claim_keys(session, batch)
            fresh = [one for one in batch if one.draft.id not in earlier]
            accepted = await accept(
                session,
                [one.draft for one in fresh],
                tries=max((one.tries for one in fresh), default=1),
                judged={key: result for one in fresh for key, result in one.judged.items()},
            )
        results = earlier | {one.event.id: one for one in accepted}
        self._bus.wake(*topics_of(accepted))
        return [results[one.draft.id] for one in batch]

    async def _claim_keys(self, session: AsyncSession, batch: Sequence[Emission]) -> dict[str, Accepted | Existing]:
        """Claim the keys. Answers the earlier uses of those that are taken, by the id of the draft."""
        taken: dict[str, Accepted | Existing] = {}
        keyed = [(one.use, one.draft) for one in batch if one.use is not None]
        # In one order in every process: two groups with the same keys would wait for each other otherwise.
        for use, draft in sorted(keyed, key=lambda pair: _place(pair[0])):
            if (existing := await self._claim_key(session, use, draft)) is not None:
                taken[draft.id] = existing
        return taken

    async def _claim_key(self, session: AsyncSession, use: KeyUse, draft: Draft) -> Existing | None:
        connection = await session.connection()
        values = (*_place(use), use.digest, draft.id, use.key.expires_at, draft.created_at)
        if (await connection.exec_driver_sql(self._claim.claim_key, values)).first() is not None:
            return None
        held: Any = (await connection.exec_driver_sql(self._claim.read_key, _place(use))).one()
        return Existing(request_digest=held[0], result_id=held[1])


def _place(use: KeyUse) -> tuple[str, str, str, str]:
    return (use.organization_id, use.key.owner_id, use.key.operation, use.key.key)
