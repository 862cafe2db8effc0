"""The job of a delivery: read it, send it once, record the attempt, and wait for the next one if it failed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam
from sqlmodel import col

from jobs.job import Claimed, Effect, Retry
from jobs.kind import JobContext
from models.errors import DomainError, SecretUnreadable, TooMany
from models.straight import columns_of
from models.tables import Delivery, Event, Integration, Webhook
from models.vocabulary import OrderFailure, WebhookKind, WebhookOrdering, WorkState
from proxy.retry import wait_asked
from resolvers.caller import Caller
from resolvers.emission.filters import filter_value, judge_filter
from resolvers.emission.matching import may_see
from resolvers.hub import Hub
from resolvers.webhooks import health, recording
from resolvers.webhooks.notices import Trial, disable_dead_webhook, report_unreadable, tell_failing, tell_recovered
from resolvers.webhooks.of_apps import death_of, judged, report_dead_tunnel, waits_of
from resolvers.webhooks.outcome import Verdict
from resolvers.webhooks.request import Message, signed_request
from resolvers.webhooks.schedule import MOST_ASKED, next_wait
from resolvers.webhooks.sending import Exchange, post

_HELD_MS: Final = 1000
_EXPIRED: Final = "Its payload has expired."
_HIDDEN: Final = "The webhook was changed by somebody who may not see this event, so it is not sent."
_UNREADABLE: Final = "The webhook's secret cannot be read; rotate it, then replay the delivery."
_DISABLED: Final = "The webhook is disabled; enable it to go on."
_HOPELESS: Final = "Nothing but failures for five days. The last one: {}"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A delivery, its webhook, its event and the event's integration, which both may have been removed."""

    delivery: Delivery
    webhook: Webhook
    event: Event | None
    integration: Integration | None


async def deliver(caller: Caller, context: JobContext) -> None:
    """One attempt at the delivery of a job; nothing if it has ended. Raises Retry for another one later.

    URL, secrets and headers are the webhook's of this moment. A disabled webhook, a lack of room in the hub and a
    secret that does not open cost no attempt, and are no failure of the receiver.
    """
    hub, loaded = caller.hub, await load(caller.hub, context.job)
    if loaded is None or loaded.delivery.state is not WorkState.QUEUED or loaded.webhook.removed_at is not None:
        return
    delivery, webhook, event = loaded.delivery, loaded.webhook, loaded.event
    if not webhook.enabled:
        context.effects.extend(health.hold(webhook))
        raise Retry(_DISABLED, after_ms=_HELD_MS, refund=True)
    if event is None or event.body is None:
        context.effects.extend(recording.ended(delivery, WorkState.FAILED, _EXPIRED, hub.clock()))
        return
    if not may_see(webhook, event, loaded.integration):
        context.effects.extend(recording.ended(delivery, WorkState.CANCELLED, _HIDDEN, hub.clock()))
        return
    try:
        if delivery.unjudged and not await _is_taken(hub, context, webhook, event):
            context.effects.extend(recording.removed(delivery))
            return
        message = _message(context.job, loaded, event.body)
        exchange = judged(webhook, await post(hub, signed_request(hub.keyring, webhook, message, hub.clock())))
    except SecretUnreadable as fault:
        await report_unreadable(Caller.of_hub(hub, webhook.organization_id), fault)
        context.effects.extend(recording.ended(delivery, WorkState.FAILED, _UNREADABLE, hub.clock()))
    except TooMany as refusal:
        raise Retry(refusal.message, after_ms=_HELD_MS, refund=True) from refusal
    else:
        await _record(hub, context, loaded, exchange)


async def load(hub: Hub, job: Claimed) -> Loaded | None:
    """The delivery of a job as it is now, in one read; None if it is gone."""
    values = {"id": job.payload["delivery"], "organization_id": job.organization_id}
    entities = (Delivery, Webhook, Event, Integration)
    rows = await hub.database.straight.rows(_delivery, entities=entities, values=values)
    if not rows:
        return None
    delivery, webhook, event, integration = rows[0]
    return Loaded(delivery=delivery, webhook=webhook, event=event, integration=integration)


async def _is_taken(hub: Hub, context: JobContext, webhook: Webhook, event: Event) -> bool:
    """Whether the webhook's filter takes an event that was accepted without asking it. Raises TooMany."""
    if webhook.filter is None:
        return True
    value = filter_value(event.type, event.entity_id, event.payload or {})
    lane = webhook.organization_id
    result = await judge_filter(hub.expressions, webhook.filter, value, organization_id=lane)
    if result.fault is not None:
        context.effects.extend(recording.faulted(webhook, result.fault))
    return result.takes


async def _record(hub: Hub, context: JobContext, loaded: Loaded, exchange: Exchange) -> None:
    """Hand the attempt to the engine, tell people of the webhook's health. Raises Retry if there is another try."""
    job, delivery, outcome = context.job, loaded.delivery, exchange.outcome
    succeeded = outcome.verdict is Verdict.SUCCEEDED
    wait = None if succeeded else _wait(hub, job, loaded, exchange)
    now = exchange.at + exchange.latency_ms
    state = WorkState.SUCCEEDED if succeeded else WorkState.FAILED if wait is None else WorkState.QUEUED
    context.effects.extend(
        recording.attempted(
            delivery,
            exchange,
            state=state,
            next_at=None if wait is None else now + wait,
            begins=job.attempt == 1,
            replayed=bool(job.payload.get("replay")),
        )
    )
    context.effects.extend(_health(hub, loaded.webhook, exchange, used_up=wait is None))
    with suppress(DomainError):  # the attempt has its record all the same, and the next failure tells it
        await _tell(hub, loaded, exchange, used_up=wait is None)
    if wait is not None:
        leaves = _leaves_lane(hub, job, loaded, exchange.at, now + wait)
        raise Retry(outcome.error or "", after_ms=wait, leave_lane=leaves)


def _wait(hub: Hub, job: Claimed, loaded: Loaded, exchange: Exchange) -> int | None:
    """Milliseconds until the next attempt; None if this was the last one."""
    if exchange.outcome.verdict is Verdict.REFUSED or job.attempt >= job.max_attempts:
        return None
    now = datetime.fromtimestamp((exchange.at + exchange.latency_ms) / 1000, UTC)
    waits = waits_of(loaded.webhook, hub.webhook_waits, job.max_attempts - 1)
    return next_wait(waits, job.attempt, loaded.delivery.id, now=now, retry_after=exchange.retry_after)


def _health(hub: Hub, webhook: Webhook, exchange: Exchange, *, used_up: bool) -> list[Effect]:
    verdict = exchange.outcome.verdict
    if verdict is Verdict.SUCCEEDED:
        return health.success(webhook, hub.pace)
    effects = health.failure(webhook, hub.pace, used_up=used_up)
    slows = verdict is Verdict.THROTTLE and webhook.kind is not WebhookKind.TUNNEL
    return effects + (health.throttle(webhook, hub.pace, _asked(exchange)) if slows else [])


def _asked(exchange: Exchange) -> int | None:
    """Milliseconds for which an overloaded receiver wants to be left alone."""
    now = datetime.fromtimestamp((exchange.at + exchange.latency_ms) / 1000, UTC)
    asked = [seconds for value in exchange.retry_after if (seconds := wait_asked(value, now)) is not None]
    return round(min(asked[0], MOST_ASKED) * 1000) if asked else None


async def _tell(hub: Hub, loaded: Loaded, exchange: Exchange, *, used_up: bool) -> None:
    webhook, outcome = loaded.webhook, exchange.outcome
    trial = Trial(delivery=loaded.delivery, exchange=exchange)
    caller, now = Caller.of_hub(hub, webhook.organization_id), exchange.at + exchange.latency_ms
    if webhook.kind is WebhookKind.TUNNEL:
        if (reason := death_of(webhook, outcome)) is not None:
            await report_dead_tunnel(caller, webhook, reason)
    elif outcome.verdict is Verdict.SUCCEEDED:
        if webhook.noticed_at is not None and not trial.is_of_a_notice:
            await tell_recovered(caller, trial)
    elif outcome.verdict is Verdict.GONE:
        await disable_dead_webhook(caller, trial, outcome.error or "")
    elif health.is_hopeless(webhook, now, used_up=used_up):
        await disable_dead_webhook(caller, trial, _HOPELESS.format(outcome.error))
    elif webhook.noticed_at is None and not trial.is_of_a_notice and health.is_failing(webhook, now):
        await tell_failing(caller, trial)


def _leaves_lane(hub: Hub, job: Claimed, loaded: Loaded, at: int, next_at: int) -> bool:
    """Whether later deliveries of the entity pass this one, which is tried beside them from now on."""
    if job.lane is None:
        return False
    first = at if job.attempt == 1 else loaded.delivery.first_attempt_at or at
    return loaded.webhook.order_failure is OrderFailure.SKIP or next_at - first > hub.pace.webhook_block * 1000


def _message(job: Claimed, loaded: Loaded, body: str) -> Message:
    delivery = loaded.delivery
    return Message(
        id=delivery.id,
        body=body.encode(),
        attempt=delivery.attempt_count + 1,
        replayed=bool(job.payload.get("replay")),
        out_of_order=loaded.webhook.ordering is WebhookOrdering.ENTITY and job.lane is None,
        original_id=delivery.original_id,
        development=loaded.webhook.kind is WebhookKind.TUNNEL,
    )


def _delivery() -> Select[Any]:
    return (
        columns_of(Delivery, Webhook, Event, Integration)
        .select_from(Delivery)
        .join(Webhook, col(Webhook.id) == col(Delivery.webhook_id))
        .outerjoin(Event, col(Event.id) == col(Delivery.event_id))
        .outerjoin(Integration, col(Integration.id) == col(Delivery.integration_id))
        .where(col(Delivery.id) == bindparam("id"), col(Delivery.organization_id) == bindparam("organization_id"))
    )
