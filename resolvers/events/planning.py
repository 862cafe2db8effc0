"""The plan of an event: the webhooks that would get it, why others would not, and the exact bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, NotReady, TooMany
from models.row import new_id
from models.tables import EntitySequence, EventSequence, Webhook
from models.vocabulary import Permission, WebhookKind
from resolvers.emission.body import frozen_body, serialised
from resolvers.emission.draft import Draft
from resolvers.emission.filters import filter_value
from resolvers.events.mutations import EmitEvent, Happening, check_payload
from resolvers.events.mutations import load as load_happening
from resolvers.hub import Hub
from resolvers.operation import READS, exchange
from resolvers.webhooks.planning import Candidate, WebhookPlan, first_tries, planned
from resolvers.webhooks.request import Message
from resolvers.webhooks.taking import verdicts_on
from resolvers.work import Work

#: Members of the body, and headers, that get their values when the event is accepted.
AT_EMISSION: Final = ("id", "timestamp", "sequence", "entitySequence", "webhook-id")
_MOST_WEBHOOKS: Final = 100


@dataclass(frozen=True, kw_only=True)
class EmitPlan:
    """`body`: the bytes, if the event were accepted now and nothing else was. `at_emission`: see `AT_EMISSION`."""

    type: str
    entity_id: str
    body: str
    webhooks: Sequence[WebhookPlan]
    at_emission: tuple[str, ...] = AT_EMISSION


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A checked event and a candidate for each webhook. `now` in ms since 1970 UTC."""

    happening: Happening
    body: str
    candidates: Sequence[Candidate]
    now: int


async def load(work: Work, said: EmitEvent) -> Loaded:
    """Check the event as `emit_event` does, and read the webhooks that the caller may see."""
    happening = await load_happening(work, said)
    draft, now = happening.emission.draft, work.now()
    body = frozen_body(draft, serialised(draft.data), *await _numbers(work, draft))
    webhooks = await work.all(
        work.mine(Webhook)
        .where(col(Webhook.kind) == WebhookKind.ENDPOINT, col(Webhook.removed_at).is_(None))
        .order_by(col(Webhook.id))
        .limit(_MOST_WEBHOOKS)
    )
    candidates = await _candidates(work, webhooks, draft, body, now)
    return Loaded(happening=happening, body=body, candidates=candidates, now=now)


async def judge(hub: Hub, loaded: Loaded) -> list[WebhookPlan]:
    """Judge the payload by its schema and by the filters, outside of any transaction."""
    await check_payload(hub, loaded.happening)
    return [await planned(hub, candidate, loaded.now) for candidate in loaded.candidates]


@exchange(
    load,
    judge,
    loads=READS,
    records=READS,
    needs=Permission.WEBHOOKS_READ,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, NotReady, TooMany),
)
async def plan_emit(work: Work, loaded: Loaded, plans: list[WebhookPlan]) -> EmitPlan:
    """The webhooks that would get an event, and its exact bytes. Nothing is accepted, sent, resolved or written."""
    draft = loaded.happening.emission.draft
    return EmitPlan(type=draft.type, entity_id=draft.entity_id, body=loaded.body, webhooks=plans)


async def _candidates(work: Work, webhooks: Sequence[Webhook], draft: Draft, body: str, now: int) -> list[Candidate]:
    verdicts, starts = await verdicts_on(work, webhooks, draft), await first_tries(work, webhooks, now)
    value = filter_value(draft.type, draft.entity_id, draft.data)
    return [
        Candidate(
            webhook=webhook,
            message=Message(id=new_id(now), body=body.encode()),
            verdict=verdict,
            value=value,
            first_at=starts[webhook.id],
        )
        for webhook, verdict in zip(webhooks, verdicts, strict=True)
    ]


async def _numbers(work: Work, draft: Draft) -> tuple[int, int]:
    """The next numbers of the organization and of the entity."""
    counted = select(col(EventSequence.sequence)).where(col(EventSequence.organization_id) == draft.organization_id)
    of_entity = select(col(EntitySequence.sequence)).where(
        col(EntitySequence.organization_id) == draft.organization_id,
        col(EntitySequence.entity_id) == draft.entity_id,
    )
    return await _next(work, counted), await _next(work, of_entity)


async def _next(work: Work, counter: Any) -> int:
    return ((await work.session.execute(counter)).scalar() or 0) + 1
