"""The plan of one delivery: the exact bytes and headers of its next attempt, or of an event that a webhook lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, NotFound, TooMany
from models.row import new_id
from models.tables import Delivery, Event, Job, Webhook
from models.vocabulary import Permission, WebhookOrdering, WorkState
from resolvers.emission.addressing import DELIVER
from resolvers.emission.filters import filter_value
from resolvers.emission.matching import UNSEEN, Match, Verdict
from resolvers.hub import Hub
from resolvers.operation import READS, exchange
from resolvers.webhooks.planning import Candidate, WebhookPlan, first_tries, planned
from resolvers.webhooks.request import Message
from resolvers.webhooks.taking import kept_since, tellable, verdicts_on
from resolvers.work import Work

_DISABLED: Final = Verdict(word=Match.DISABLED, sentence="The webhook is disabled; it waits until that is enabled.")
_FORGOTTEN: Final = (
    "The event is older than deliveries are kept, so it may have been delivered: no replay of missing ones sends it."
)
_STANDING: Final = {
    WorkState.QUEUED: "It waits to be sent.",
    WorkState.SUCCEEDED: "It has been delivered; this is a replay of it.",
    WorkState.FAILED: "It has failed; this is a replay of it.",
    WorkState.CANCELLED: "It was cancelled; this is a replay of it.",
}


@dataclass(frozen=True, kw_only=True)
class EventForWebhook:
    """An event that a webhook may lack."""

    webhook_id: str
    event_id: str


@dataclass(frozen=True, kw_only=True)
class PlanDelivery:
    """Exactly one member is given."""

    delivery_id: str | None = None
    missing: EventForWebhook | None = None


@dataclass(frozen=True, kw_only=True)
class DeliveryPlan:
    """`body`: the bytes of every attempt, as text. `delivery`: None if there is none yet."""

    body: str
    delivery: Delivery | None
    plan: WebhookPlan


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The candidate of a plan. `now` in ms since 1970 UTC."""

    candidate: Candidate
    body: str
    delivery: Delivery | None
    now: int


async def load(work: Work, asked: PlanDelivery) -> Loaded:
    """Read the delivery, or the event and the webhook."""
    work.need(Permission.EVENTS_READ)
    if asked.delivery_id is not None:
        path = ("delivery_id",)
        return await _of_delivery(work, await work.get(Delivery, asked.delivery_id, path=path), path)
    missing = asked.missing or EventForWebhook(webhook_id="", event_id="")
    webhook = await work.get(Webhook, missing.webhook_id, path=("missing", "webhook_id"))
    event = await work.get(Event, missing.event_id, path=("missing", "event_id"))
    own = (col(Delivery.event_id) == event.id, col(Delivery.webhook_id) == webhook.id)
    original_first = col(Delivery.original_id).is_not(None), col(Delivery.id)
    delivery = await work.first(work.mine(Delivery).where(*own).order_by(*original_first).limit(1))
    if delivery is not None:
        return await _of_delivery(work, delivery, ("missing", "event_id"))
    if event.created_at < kept_since(work):
        raise Conflict(_FORGOTTEN, path=("missing", "event_id"))
    body = _body(event, ("missing", "event_id"))
    now = work.now()
    candidate = Candidate(
        webhook=webhook,
        message=Message(id=new_id(now), body=body.encode(), replayed=True),  # as a replay sends it
        verdict=(await verdicts_on(work, [webhook], event))[0],
        value=_value(event),
        first_at=(await first_tries(work, [webhook], now))[webhook.id],
    )
    return Loaded(candidate=candidate, body=body, delivery=None, now=now)


async def judge(hub: Hub, loaded: Loaded) -> WebhookPlan:
    """The plan; a filter is evaluated here, outside of any transaction."""
    return await planned(hub, loaded.candidate, loaded.now)


@exchange(
    load,
    judge,
    loads=READS,
    records=READS,
    needs=Permission.WEBHOOKS_READ,
    refuses=(NotFound, Conflict, TooMany),
)
async def plan_delivery(work: Work, loaded: Loaded, plan: WebhookPlan) -> DeliveryPlan:
    """The request of a delivery's next attempt, or of a delivery that would be made now. Needs EVENTS_READ too.

    Nothing is sent, resolved or written. Time and signature are those of each attempt.
    """
    return DeliveryPlan(body=loaded.body, delivery=loaded.delivery, plan=plan)


async def _of_delivery(work: Work, delivery: Delivery, path: tuple[str, ...]) -> Loaded:
    webhook = await work.get(Webhook, delivery.webhook_id, path=path)
    event = await work.find(Event, delivery.event_id)
    body = _body(event, path)
    now = work.now()
    waiting = select(Job).where(col(Job.subject_id) == delivery.id, col(Job.operation) == DELIVER)
    job = await work.first(waiting.where(col(Job.state) == WorkState.QUEUED))
    candidate = Candidate(
        webhook=webhook,
        message=_message(webhook, delivery, job, body),
        verdict=_standing(webhook, delivery, told=event is None or await tellable(work, webhook, event)),
        value=None if event is None else _value(event),
        first_at=(await first_tries(work, [webhook], now if job is None else max(now, job.run_at)))[webhook.id],
        tried=0 if job is None else job.attempt,
    )
    return Loaded(candidate=candidate, body=body, delivery=delivery, now=now)


def _message(webhook: Webhook, delivery: Delivery, job: Job | None, body: str) -> Message:
    """The message as `delivering` makes it. One without a job would be sent by a replay."""
    return Message(
        id=delivery.id,
        body=body.encode(),
        attempt=delivery.attempt_count + 1,
        replayed=job is None or bool(job.payload.get("replay")),
        out_of_order=job is not None and webhook.ordering is WebhookOrdering.ENTITY and job.lane is None,
        original_id=delivery.original_id,
    )


def _standing(webhook: Webhook, delivery: Delivery, *, told: bool) -> Verdict:
    if not webhook.enabled:
        return _DISABLED
    if not told:
        return Verdict(word=Match.RESTRICTED, sentence=UNSEEN)
    word = Match.UNJUDGED if delivery.unjudged else Match.MATCHES
    return Verdict(word=word, sentence=_STANDING.get(delivery.state, ""))


def _body(event: Event | None, path: tuple[str, ...]) -> str:
    if event is None or event.body is None:
        raise Conflict("The payload of the event has expired, so there is nothing to send.", path=path)
    return event.body


def _value(event: Event) -> object:
    return filter_value(event.type, event.entity_id, event.payload or {})
