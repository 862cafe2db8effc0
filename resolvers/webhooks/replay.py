"""Replays: send one delivery of a webhook again, or many by a job."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from jobs.job import NewJob
from models.errors import Conflict, InvalidInput, NotFound, NotReady
from models.row import new_id
from models.tables import Delivery, Event, Job, Webhook
from models.vocabulary import Permission, UnavailableReason, WorkState
from resolvers.emission.addressing import DELIVER
from resolvers.emission.matching import UNSEEN
from resolvers.faults import Faults
from resolvers.filters import matching
from resolvers.idempotency import claim, digest_of_input, key_problem, spent
from resolvers.operation import operation
from resolvers.webhooks.queueing import ENDED, PRIORITY, deliver_again, deliver_copies, deliver_now
from resolvers.webhooks.replaying import REPLAY, Replayed, ReplayRange, Walk, begin_walk
from resolvers.webhooks.selection import ReplayKind
from resolvers.webhooks.taking import tellable
from resolvers.work import Work

#: Tries of a replay's own job: it goes on from its last bite, so a try costs nothing.
_TRIES: Final = 20
_CAPTION: Final = 255
_ONE: Final = ("what", "delivery_id")


@dataclass(frozen=True, kw_only=True)
class ReplaySelection:
    """Exactly one member is given."""

    delivery_id: str | None = None
    failed: ReplayRange | None = None
    all: ReplayRange | None = None
    missing: ReplayRange | None = None

    @property
    def ranges(self) -> dict[ReplayKind, ReplayRange]:
        """The range, by its kind; empty for one delivery."""
        given = {
            ReplayKind.FAILED: self.failed,
            ReplayKind.ALL: self.all,
            ReplayKind.MISSING: self.missing,
        }
        return {kind: chosen for kind, chosen in given.items() if chosen is not None}


@dataclass(frozen=True, kw_only=True)
class ReplayDeliveries:
    """An order. `dry_run`: count only. `as_new`: send copies under new ids."""

    what: ReplaySelection
    dry_run: bool = False
    as_new: bool = False
    idempotency_key: str | None = None


@operation(needs=Permission.WEBHOOKS_WRITE, refuses=(NotFound, InvalidInput, Conflict, NotReady))
async def replay_deliveries(work: Work, order: ReplayDeliveries) -> Replayed:
    """Send deliveries of a webhook again, or events that it has not got, after live ones and within its limits.

    One is queued at once; many are queued by a job that can be cancelled. A delivery that waits for a retry is sent
    now instead, and keeps its number of tries. The same key sends once.
    """
    _check(order)
    if order.what.delivery_id is not None:
        return await _replay_one(work, order, order.what.delivery_id)
    [(kind, given)] = order.what.ranges.items()
    return await _replay_many(work, order, kind, given)


def _check(order: ReplayDeliveries) -> None:
    faults = Faults()
    if problem := key_problem(order.idempotency_key):
        faults.add("idempotency_key", problem)
    if order.as_new and order.what.missing is not None:
        faults.add("as_new", "Missing events have no delivery to copy; leave asNew out.")
    for kind, given in order.what.ranges.items():
        matching(col(Event.type), given.event_type)
        if given.since is not None and given.until is not None and given.since >= given.until:
            faults.add(("what", kind.lower(), "until"), "It must be later than since.")
    faults.refuse()


async def _replay_one(work: Work, order: ReplayDeliveries, id: str) -> Replayed:
    delivery = await work.lock(Delivery, id, path=_ONE)
    if not order.dry_run:
        earlier = await _claimed(work, order, delivery.id)
        if earlier is not None:
            return Replayed(count=1, delivery=delivery, replayed=True)
    webhook = await _webhook(work, delivery.webhook_id, path=_ONE)
    await _check_told(work, webhook, delivery)
    waits = await _check_one(work, order, delivery)
    if order.dry_run:
        return Replayed(count=1, delivery=delivery)
    work.audit(delivery, "delivery.replayed")
    if order.as_new:
        [copy] = await deliver_copies(work, webhook, [delivery])
        return Replayed(count=1, delivery=await work.get(Delivery, copy))
    if waits:
        await deliver_now(work, [delivery.id])
    else:
        await deliver_again(work, webhook, [delivery])
    await work.session.refresh(delivery)
    return Replayed(count=1, delivery=delivery)


async def _check_told(work: Work, webhook: Webhook, delivery: Delivery) -> None:
    """Raise Conflict if the job of the delivery would not send it."""
    event = await work.first(select(Event).where(col(Event.id) == delivery.event_id))
    if event is not None and not await tellable(work, webhook, event):
        raise Conflict(f"{UNSEEN} Let somebody who may see the event change the webhook, or make another.", path=_ONE)


async def _check_one(work: Work, order: ReplayDeliveries, delivery: Delivery) -> bool:
    """Whether a delivery waits to be sent. Raises Conflict for one that cannot be sent again as ordered."""
    has_body = select(Event).where(col(Event.id) == delivery.event_id, col(Event.body).is_not(None))
    if await work.first(has_body) is None:
        raise Conflict("The payload of its event has expired, so it cannot be sent again.", path=_ONE)
    if delivery.state in ENDED:
        return False
    if order.as_new:
        sentence = "It is still being delivered; send it as it is, or as new once it has ended."
        raise Conflict(sentence, existing=delivery, path=("as_new",))
    jobs = select(Job).where(col(Job.subject_id) == delivery.id, col(Job.operation) == DELIVER)
    states = {job.state for job in await work.all(jobs)}
    if WorkState.RUNNING in states:
        raise Conflict("It is being sent at this moment; look at this attempt first.", existing=delivery, path=_ONE)
    return WorkState.QUEUED in states


async def _replay_many(work: Work, order: ReplayDeliveries, kind: ReplayKind, given: ReplayRange) -> Replayed:
    path = ("what", kind.lower(), "webhook_id")
    webhook = await _webhook(work, given.webhook_id, path=path)
    walk = await begin_walk(work, webhook, kind, given, as_new=order.as_new)
    if order.dry_run:
        return walk.replayed()
    job_id = new_id(work.now())
    earlier = await _claimed(work, order, job_id)
    if earlier is not None:
        return await _earlier(work, earlier)
    job = await work.enqueue(_job(work, webhook, walk, job_id))
    if job.id != job_id:
        sentence = "A replay of this webhook is under way; wait until it ends, or cancel its job."
        raise Conflict(sentence, existing=job, path=path)
    work.audit(webhook, "webhook.replayed", besides=[{"path": "replay", "oldValue": None, "newValue": kind}])
    return walk.replayed(job)


def _job(work: Work, webhook: Webhook, walk: Walk, job_id: str) -> NewJob:
    """People see it with the webhook's integration; else the user who ordered it, and administrators."""
    return NewJob(
        id=job_id,
        operation=REPLAY,
        caption=f"Replay {walk.selection.kind.lower()} deliveries of {webhook.name}"[:_CAPTION],
        organization_id=webhook.organization_id,
        payload=walk.stored,
        subject_kind="Webhook",
        subject_id=webhook.id,
        integration_id=webhook.integration_id,
        principal_id=None if webhook.integration_id else work.caller.principal_id,
        dedupe_key=f"{REPLAY}:{webhook.id}",
        created_by=work.caller.principal_id,
        priority=PRIORITY,
        max_attempts=_TRIES,
    )


async def _webhook(work: Work, id: str, *, path: tuple[str, ...]) -> Webhook:
    """The webhook, if it is enabled. Raises NotFound and NotReady."""
    webhook = await work.get(Webhook, id, path=path)
    if not webhook.enabled:
        raise NotReady(
            "The webhook is disabled; enable it first, then replay.",
            reason=UnavailableReason.WEBHOOK_DISABLED,
            path=path,
        )
    return webhook


async def _claimed(work: Work, order: ReplayDeliveries, result_id: str) -> str | None:
    digest = digest_of_input(asdict(order))
    return await claim(work, "replay_deliveries", order.idempotency_key, digest, result_id)


async def _earlier(work: Work, job_id: str) -> Replayed:
    job = await work.first(select(Job).where(col(Job.id) == job_id))
    if job is None:
        raise spent("replay")
    return Walk.of(job.payload).replayed(job, again=True)
