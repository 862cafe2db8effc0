"""The job of a replay: it walks over the selected deliveries or events in bites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import col

from jobs.kind import JobContext
from models.errors import NotFound
from models.row import first_id
from models.tables import Delivery, Event, Integration, Job, Webhook
from models.vocabulary import Permission, WorkState
from resolvers.caller import Caller
from resolvers.operation import operation
from resolvers.webhooks.checkpoint import keep_position
from resolvers.webhooks.queueing import deliver_again, deliver_copies, deliver_events, deliver_now
from resolvers.webhooks.selection import ReplayKind, Selection, counted, deliveries, events, states_of
from resolvers.webhooks.taking import kept_since, may_be_told, wanted
from resolvers.work import Work

REPLAY: Final = "webhook.replay"
#: Rows of one transaction of the job.
BITE: Final = 500
_MARGIN_MS: Final = 3_600_000
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
    """The way of a replay by the sequence of events, from `start`, exclusive, to `upto`; kept in the job's payload.

    `after`: its position. `count`, `expired`, `more` and `unjudged` as `Replayed` has them.
    """

    selection: Selection
    start: int
    after: int
    upto: int
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
    def share(self) -> float:
        """The share of the way that is behind it, 0 to 1."""
        return min(1.0, (self.after - self.start) / max(1, self.upto - self.start))

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
    start, upto = await _ends(work, chosen)
    walk = Walk(selection=chosen, start=start, after=start, upto=upto)
    if kind is ReplayKind.MISSING:
        return await _count_missing(work, webhook, walk)
    rows = deliveries(chosen, may_be_told(webhook), after=start, upto=upto, most=_COUNTED)
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
        walk = replace(walk, after=rows[-1].sequence)
        await keep_position(work, walk.stored, walk.share)
        return walk
    await keep_position(work, replace(walk, after=walk.upto).stored, 1.0)
    await work.finish_job()
    return None


async def _queue(work: Work, webhook: Webhook, chosen: Selection, rows: Sequence[Any]) -> None:
    """Queue the rows that have their payload, in the order of their sequence."""
    ready = [row for row in rows if row.sendable]
    if chosen.kind is ReplayKind.MISSING:
        await deliver_events(work, webhook, await wanted(work, webhook, ready), replay=True)
    elif chosen.as_new:
        await deliver_copies(work, webhook, ready)
    else:
        await deliver_now(work, [row.id for row in ready if row.state == WorkState.QUEUED])
        await deliver_again(work, webhook, [row for row in ready if row.state != WorkState.QUEUED])


async def _rows(work: Work, webhook: Webhook, walk: Walk) -> Sequence[Any]:
    chosen, after, upto = walk.selection, walk.after, walk.upto
    if chosen.kind is not ReplayKind.MISSING:
        told = may_be_told(webhook)
        return list(await work.session.execute(deliveries(chosen, told, after=after, upto=upto, most=BITE)))
    missing = events(chosen, kept_since=kept_since(work), after=after, upto=upto, most=BITE)
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
        at = replace(at, after=rows[-1].sequence)
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


async def _ends(work: Work, chosen: Selection) -> tuple[int, int]:
    """The first sequence, less one, and the last of now: later events are left out."""
    if chosen.kind is ReplayKind.MISSING:
        return await _ends_of_events(work, chosen)
    of_webhook = select(func.min(col(Delivery.sequence)), func.max(col(Delivery.sequence))).where(
        col(Delivery.webhook_id) == chosen.webhook_id, col(Delivery.state).in_(states_of(chosen))
    )
    first, last = (await work.session.execute(of_webhook)).one()
    return (0, 0) if last is None else (first - 1, last)


async def _ends_of_events(work: Work, chosen: Selection) -> tuple[int, int]:
    """Found along ids, with a margin of an hour: their order is nearly that of the sequence."""
    mine = select(col(Event.sequence)).where(col(Event.organization_id) == chosen.organization_id)
    since = max(chosen.since or 0, kept_since(work))
    earlier = mine.where(col(Event.id) < first_id(max(0, since - _MARGIN_MS))).order_by(col(Event.id).desc()).limit(1)
    start = (await work.session.execute(earlier)).scalar() or 0
    newest = mine.order_by(col(Event.sequence).desc()).limit(1)
    return start, (await work.session.execute(newest)).scalar() or 0
