"""The job of a replay: it walks over the selected deliveries or events in bites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import col

from jobs.kind import JobContext
from models.errors import NotFound
from models.tables import Delivery, Event, Integration, Job, Webhook
from models.vocabulary import Permission, WorkState
from resolvers.caller import Caller
from resolvers.operation import operation
from resolvers.webhooks.checkpoint import keep_position
from resolvers.webhooks.queueing import deliver_again, deliver_copies, deliver_events, deliver_now
from resolvers.webhooks.selection import ReplayKind, Selection, counted, deliveries, events
from resolvers.webhooks.taking import wanted
from resolvers.work import Work

REPLAY: Final = "webhook.replay"
#: Rows of one transaction of the job.
BITE: Final = 500
#: Rows that are counted beforehand, at most.
_COUNTED: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class ReplayRange:
    """The part of a webhook's history to replay; times in ms since 1970 UTC, `until` exclusive."""

    webhook_id: str
    since: int | None = None
    until: int | None = None
    event_type: tuple[str, ...] | None = None
    entity_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """The number of requests that a replay makes, of each at least one. `more`: there are more than were counted.

    `expired`: further ones that cannot be sent, since their payload has been removed. `unjudged`: those of `count`
    that the webhook's filter judges when they are about to be sent. `job`: of many; `delivery`: of one, the copy if
    it was copied. `replayed`: the answer of an earlier order with the same key.
    """

    count: int
    more: bool = False
    expired: int = 0
    unjudged: int = 0
    job: Job | None = None
    delivery: Delivery | None = None
    replayed: bool = False


@dataclass(frozen=True, kw_only=True)
class Walk:
    """The way of a replay over its selection, by ids from `after`, exclusive, to `upto`; kept in the job's payload.

    `count`, `expired`, `more` and `unjudged` as `Replayed` has them; `done`: rows behind it.
    """

    selection: Selection
    upto: str
    after: str = ""
    done: int = 0
    count: int = 0
    expired: int = 0
    unjudged: int = 0
    more: bool = False

    @property
    def stored(self) -> dict[str, Any]:
        """The walk as JSON."""
        return asdict(self) | {"selection": self.selection.stored}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Walk:
        """The walk of `stored`."""
        return cls(**{**stored, "selection": Selection.of(stored["selection"])})

    @property
    def share(self) -> float | None:
        """The share done, 0 to 1; None if the number of rows was not counted."""
        return None if self.more else min(1.0, self.done / max(1, self.count + self.expired))

    def replayed(self, job: Job | None = None, *, again: bool = False) -> Replayed:
        """The answer of the operation."""
        return Replayed(
            count=self.count, more=self.more, expired=self.expired, unjudged=self.unjudged, job=job, replayed=again
        )


async def begin_walk(work: Work, webhook: Webhook, kind: ReplayKind, given: ReplayRange, *, as_new: bool) -> Walk:
    """A walk over all that is selected now, counted."""
    chosen = Selection(
        kind=kind,
        webhook_id=webhook.id,
        organization_id=webhook.organization_id,
        since=given.since,
        until=given.until,
        event_type=given.event_type,
        entity_id=given.entity_id,
        hidden=await _hidden(work),
        as_new=as_new,
    )
    walk = Walk(selection=chosen, upto=await _last_id(work, chosen))
    if kind is ReplayKind.MISSING:
        return await _count_missing(work, webhook, walk)
    rows = deliveries(chosen, after="", upto=walk.upto, most=_COUNTED)
    total, sendable = (await work.session.execute(counted(rows))).one()
    return replace(walk, count=sendable, expired=total - sendable, more=total == _COUNTED)


async def run_replay(caller: Caller, context: JobContext) -> None:
    """Walk on from the last bite until all is queued. Cancelled, it leaves the rest as it is."""
    walk: Walk | None = Walk.of(context.job.payload)
    while walk is not None:
        context.progress.checkpoint()
        walk = await replay_bite(caller, walk)


@operation(needs=Permission.WEBHOOKS_WRITE, refuses=(NotFound,))
async def replay_bite(work: Work, walk: Walk) -> Walk | None:
    """Queue the next deliveries of a replay. Answers the rest of the way; None at its end, which ends the job."""
    webhook = await work.get(Webhook, walk.selection.webhook_id)
    if not webhook.enabled:
        await work.finish_job(error="The webhook was disabled; enable it, then retry this job: it goes on from here.")
        return None
    rows = await _rows(work, webhook, walk)
    await _queue(work, webhook, walk.selection, rows)
    if len(rows) == BITE:
        walk = replace(walk, after=rows[-1].id, done=walk.done + len(rows))
        await keep_position(work, walk.stored, walk.share)
        return walk
    await keep_position(work, replace(walk, after=walk.upto).stored, 1.0)
    await work.finish_job()
    return None


async def _queue(work: Work, webhook: Webhook, chosen: Selection, rows: Sequence[Any]) -> None:
    """Queue the rows that have their payload, in the order of their sequence."""
    ready = sorted((row for row in rows if row.sendable), key=lambda row: int(row.sequence))
    if chosen.kind is ReplayKind.MISSING:
        await deliver_events(work, webhook, await wanted(work, webhook, ready))
    elif chosen.as_new:
        await deliver_copies(work, webhook, ready)
    else:
        await deliver_now(work, [row.id for row in ready if row.state == WorkState.QUEUED])
        await deliver_again(work, webhook, [row for row in ready if row.state != WorkState.QUEUED])


async def _rows(work: Work, webhook: Webhook, walk: Walk) -> Sequence[Any]:
    chosen, after, upto = walk.selection, walk.after, walk.upto
    if chosen.kind is not ReplayKind.MISSING:
        return list(await work.session.execute(deliveries(chosen, after=after, upto=upto, most=BITE)))
    missing = events(chosen, after=after, upto=upto, most=BITE)
    if webhook.catch_up_after is not None:  # its catch-up brings the later ones
        missing = missing.where(col(Event.sequence) <= webhook.catch_up_after)
    return list(await work.session.execute(missing))


async def _count_missing(work: Work, webhook: Webhook, walk: Walk) -> Walk:
    """Count the events that the webhook takes; of those with its filter, which has judged none."""
    seen, taken, expired, at = 0, 0, 0, walk
    while seen < _COUNTED:
        rows = await _rows(work, webhook, at)
        found = await wanted(work, webhook, rows)
        taken += sum(1 for row in found if row.sendable)
        expired += sum(1 for row in found if not row.sendable)
        seen += len(rows)
        if len(rows) < BITE:
            break
        at = replace(at, after=rows[-1].id)
    unjudged = taken if webhook.filter is not None else 0
    return replace(walk, count=taken, expired=expired, unjudged=unjudged, more=seen >= _COUNTED)


async def _hidden(work: Work) -> tuple[str, ...]:
    """The integrations of the organization that the caller does not see: their history is left out."""
    if work.caller.is_admin:
        return ()
    seen = work.mine(Integration).with_only_columns(col(Integration.id))
    hidden = select(col(Integration.id)).where(
        col(Integration.organization_id) == work.organization_id, col(Integration.id).not_in(seen)
    )
    return tuple((await work.session.execute(hidden)).scalars())


async def _last_id(work: Work, chosen: Selection) -> str:
    """The greatest id of now: rows that are made later are left out."""
    ids = select(func.max(col(Delivery.id))).where(col(Delivery.webhook_id) == chosen.webhook_id)
    if chosen.kind is ReplayKind.MISSING:
        ids = select(func.max(col(Event.id))).where(col(Event.organization_id) == chosen.organization_id)
    return (await work.session.execute(ids)).scalar() or ""
