"""Operations as jobs: their callers and permissions, and recurring ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from jobs.job import NewJob
from jobs.kind import JobContext, JobKind
from jobs.queues import DEFAULT_QUEUE
from models.tables import Principal
from models.vocabulary import Permission
from resolvers.caller import HUB_ACTOR, Caller
from resolvers.hub import Hub
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

_FOREVER: Final = 1_000_000
_LONGEST_RETRY_MS: Final = 60_000


@dataclass(frozen=True, kw_only=True)
class Background:
    """The work of one kind of job, with only these permissions, in the job's organization.

    `recurs`: caption of a recurring job of the hub's; each run enqueues the next (`Work.repeat_job`) in the
    transaction that ends it. `queue`: the queue of its jobs; each queue has a worker of its own. `keep_when_done`:
    whether a succeeded job stays for people to see; by default all but recurring ones do.
    """

    run: Callable[[Caller, JobContext], Awaitable[object]]
    permissions: frozenset[Permission] = frozenset()
    recurs: str | None = None
    queue: str = DEFAULT_QUEUE
    keep_when_done: bool | None = None

    @property
    def keeps(self) -> bool:
        """Whether a succeeded job stays."""
        return self.recurs is None if self.keep_when_done is None else self.keep_when_done


def kinds(hub: Hub, table: Mapping[str, Background]) -> Sequence[JobKind]:
    """The job engine's kinds, bound to a hub."""
    return [
        JobKind(
            name=name,
            run=partial(_run, hub, background),
            keep_when_done=background.keeps,
            longest_retry_ms=_LONGEST_RETRY_MS,
        )
        for name, background in table.items()
    ]


@operation(needs=OPERATOR)
async def ensure_recurring(work: Work, captions: Mapping[str, str]) -> None:
    """Enqueue a job of each recurring kind that has none."""
    for name, caption in captions.items():
        await work.enqueue(NewJob(operation=name, caption=caption, dedupe_key=name, max_attempts=_FOREVER))


async def _run(hub: Hub, background: Background, context: JobContext) -> None:
    caller = Caller.of_job(hub, context, background.permissions, await _actor_name(hub, context.job.created_by))
    await background.run(caller, context)


async def _actor_name(hub: Hub, principal_id: str | None) -> str:
    if principal_id is None:
        return HUB_ACTOR
    async with hub.database.read() as session:
        principal = await session.get(Principal, principal_id)
    return principal.username if principal else HUB_ACTOR
