"""Catching up: a new webhook gets older events first, in their order, and goes over to live ones without a gap.

While `Webhook.catch_up_after` is set, accepting an event makes no delivery to the webhook: this job does, in the
order of `sequence`. Its last step holds the organization's counter of events, so that no event is accepted meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from jobs.job import NewJob
from jobs.kind import JobContext
from models.errors import InvalidInput
from models.row import first_id
from models.tables import Event, EventSequence, Webhook
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.emission import feed
from resolvers.operation import operation
from resolvers.webhooks.checkpoint import keep_position
from resolvers.webhooks.queueing import PRIORITY, deliver_events
from resolvers.webhooks.selection import EVENT_COLUMNS
from resolvers.webhooks.taking import wanted
from resolvers.work import Work

CATCH_UP: Final = "webhook.catch_up"
#: Events of one transaction of the job.
BITE: Final = 500
_SLACK_MS: Final = 60_000
_FOREVER: Final = 1_000_000


class StartPlace(StrEnum):
    """NOW: events that are accepted from now on. BEGINNING: all that are kept."""

    NOW = "NOW"
    BEGINNING = "BEGINNING"


@dataclass(frozen=True, kw_only=True)
class StartFrom:
    """The first event that a webhook gets: exactly one. `time` in ms since 1970 UTC; `cursor`: after this event."""

    place: StartPlace | None = None
    time: int | None = None
    cursor: str | None = None


async def begin_catch_up(work: Work, webhook: Webhook, start: StartFrom) -> None:
    """Let a new webhook get events from a place on. Raises InvalidInput for a time to come and for a bad cursor."""
    webhook.catch_up_after = await _position(work, start)
    await resume_catch_up(work, webhook)


async def resume_catch_up(work: Work, webhook: Webhook) -> None:
    """Go on with the catch-up of a webhook that is enabled, if it has not ended. A disabled one waits for that."""
    if webhook.catch_up_after is None or not webhook.enabled:
        return
    await work.enqueue(
        NewJob(
            operation=CATCH_UP,
            caption=f"Bring older events to {webhook.name}"[:255],
            organization_id=webhook.organization_id,
            payload={"webhook": webhook.id, "from": webhook.catch_up_after},
            subject_kind="Webhook",
            subject_id=webhook.id,
            integration_id=webhook.integration_id,
            principal_id=None if webhook.integration_id else work.caller.principal_id,
            dedupe_key=f"{CATCH_UP}:{webhook.id}",
            created_by=work.caller.principal_id,
            priority=PRIORITY,
            max_attempts=_FOREVER,
        )
    )


def event_cursor(event: Event, caller: Caller) -> str:
    """The place after an event in the order of its organization, for `StartFrom.cursor`."""
    return feed.event_cursor(caller.hub.cursors, event.organization_id, event.sequence)


async def run_catch_up(caller: Caller, context: JobContext) -> None:
    """Make deliveries of older events until the webhook goes over to live ones."""
    while await catch_up(caller, context.job.payload["webhook"], context.job.payload["from"]):
        context.progress.checkpoint()


@operation(needs=Permission.WEBHOOKS_WRITE)
async def catch_up(work: Work, id: str, start: int) -> bool:
    """Make the deliveries of the next events of a webhook that catches up. Answers whether there are more.

    It ends for a webhook that is removed or disabled; enabling goes on. `start`: the position of its begin.
    """
    webhook = await work.first(work.mine(Webhook).where(col(Webhook.id) == id).with_for_update())
    if webhook is None or webhook.catch_up_after is None or not webhook.enabled:
        await work.finish_job()
        return False
    events = await _after(work, webhook.catch_up_after)
    if len(events) < BITE:
        await _hold_counter(work)
        events = await _after(work, webhook.catch_up_after)  # those that came before the hold, too
    await deliver_events(work, webhook, await wanted(work, webhook, [one for one in events if one.sendable]))
    more = len(events) == BITE
    webhook.catch_up_after = events[-1].sequence if more else None
    await work.flush()
    if more:
        await keep_position(work, {"webhook": id, "from": start}, await _share(work, start, events[-1].sequence))
    else:
        await work.finish_job()
    return more


async def _after(work: Work, sequence: int) -> Sequence[Any]:
    page = (
        select(*EVENT_COLUMNS, col(Event.body).is_not(None).label("sendable"))
        .where(col(Event.organization_id) == work.organization_id, col(Event.sequence) > sequence)
        .order_by(col(Event.sequence))
        .limit(BITE)
    )
    return list(await work.session.execute(page))


async def _hold_counter(work: Work) -> None:
    """Keep other transactions from accepting events until this one ends. The row is made if there is none yet."""
    insert = (sqlite if work.hub.database.is_sqlite else postgresql).insert(EventSequence)
    row = {"organization_id": work.organization_id, "sequence": 0}
    await work.session.execute(insert.values(**row).on_conflict_do_nothing())
    held = select(col(EventSequence.sequence)).where(col(EventSequence.organization_id) == work.organization_id)
    await work.session.execute(held.with_for_update())


async def _share(work: Work, start: int, position: int) -> float:
    newest = await _newest(work)
    return min(1.0, max(0, position - start) / max(1, newest - start))


async def _newest(work: Work) -> int:
    """The sequence of the newest event; 0 if there was none."""
    counter = select(col(EventSequence.sequence)).where(col(EventSequence.organization_id) == work.organization_id)
    return (await work.session.execute(counter)).scalar() or 0


async def _position(work: Work, start: StartFrom) -> int | None:
    """The sequence after which a webhook's events begin; None for live ones alone."""
    if start.cursor is not None:
        return await _of_cursor(work, start.cursor)
    if start.time is not None:
        return await _of_time(work, start.time)
    return None if start.place is StartPlace.NOW else 0


async def _of_time(work: Work, time: int) -> int:
    if time > work.now():
        raise InvalidInput.at(("start_from", "time"), "It must not be in the future; leave startFrom out for now.")
    first = select(func.min(col(Event.sequence))).where(
        col(Event.organization_id) == work.organization_id,
        col(Event.id) >= first_id(time - _SLACK_MS),
        col(Event.created_at) >= time,
    )
    found: int | None = (await work.session.execute(first)).scalar()
    return await _newest(work) if found is None else found - 1


async def _of_cursor(work: Work, cursor: str) -> int:
    path = ("start_from", "cursor")
    sequence = feed.read_event_cursor(work.hub.cursors, work.organization_id, cursor, path=path)
    newest = await _newest(work)
    if sequence > newest:
        raise InvalidInput.at(path, "This cursor is of another database: no event here is as new as it.")
    kept = select(func.min(col(Event.sequence))).where(col(Event.organization_id) == work.organization_id)
    oldest: int = ((await work.session.execute(kept)).scalar() or newest + 1) - 1
    if sequence < oldest:
        valid = feed.event_cursor(work.hub.cursors, work.organization_id, oldest)
        raise InvalidInput.at(
            path, f"Events after this cursor have been removed. The oldest valid cursor is {valid}; or use BEGINNING."
        )
    return sequence
