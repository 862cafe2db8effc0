"""Plans of events and deliveries: the request and the reasons, before anything is sent."""

from __future__ import annotations

import strawberry

from models.vocabulary import BreakerState
from resolvers.emission.matching import Match
from resolvers.events import planning as emit_plans
from resolvers.events.mutations import EmitEvent
from resolvers.webhooks import delivery_plan, planning
from schema.delivery import Delivery
from schema.event import EmitEventInput
from schema.kit.context import Info
from schema.kit.field import column, derived, given
from schema.kit.headers import HeaderTemplate
from schema.kit.mutation import answering, asked
from schema.kit.node import view
from schema.kit.result import Result
from schema.kit.scalars import DateTime
from schema.kit.translate import command
from schema.webhook import Webhook

_COST = 100


@view(planning.PlannedTry, "A try by the schedule, if each one before it failed.")
class PlannedTry:
    attempt: int = column("Number in its series, from 1.")
    at: DateTime = column("When, without jitter.")
    earliest: DateTime = column("When at the earliest: waits vary by a fifth.")
    latest: DateTime = column("When at the latest, unless the receiver asks for more or others wait before it.")


@view(planning.WebhookPlan, "The request that a webhook would get, secrets masked, or why it gets none.")
class WebhookPlan:
    webhook: Webhook = column("The webhook.")
    takes: bool = derived(lambda plan: plan.verdict.takes, "It is sent.")
    verdict: Match = derived(lambda plan: plan.verdict.word, "The reason, in a word.")
    sentence: str = derived(lambda plan: plan.verdict.sentence, "The reason, in a sentence.")
    url: str = column("Where to, query values masked.")
    headers: list[HeaderTemplate] = derived(
        lambda plan: [HeaderTemplate(name=name, value=value) for name, value in plan.headers],
        "Headers; own values and the signature, which each attempt makes anew, as `***`.",
    )
    blocked_by: str | None = column("The egress policy's objection to the URL; names are resolved when it is sent.")
    breaker: BreakerState = derived(lambda plan: plan.webhook.breaker, "Its circuit breaker.")
    next_tries: list[PlannedTry] = derived(
        lambda plan: plan.tries, "When it is tried; none while the webhook is disabled or does not take it."
    )


@view(emit_plans.EmitPlan, "An event as it would be accepted now. Nothing was.")
class EmitPlan:
    type: str = column("Declared name.")
    entity_id: str = column("What it is about.")
    body: str = column("The body of every request, byte by byte, if it were accepted now.")
    at_emission: list[str] = column(
        "Members of the body, and headers, with values that are given when it is accepted: those shown are of now."
    )
    webhooks: list[WebhookPlan] = column("Every webhook of your organization, with the reason.")


@view(delivery_plan.DeliveryPlan, "A delivery as it would be sent now. Nothing was.")
class DeliveryPlan:
    body: str = column("The body of every request, byte by byte.")
    delivery: Delivery | None = column("The delivery; null if there is none of this event yet.")
    plan: WebhookPlan = column("The request.")


@strawberry.input(description="An event for a webhook.")
class EventForWebhookInput:
    webhook_id: strawberry.ID = strawberry.field(description="Which webhook.")
    event_id: strawberry.ID = strawberry.field(description="Which event.")


@strawberry.input(one_of=True, description="The delivery to plan: exactly one member.")
class PlanDeliveryInput:
    delivery_id: strawberry.ID | None = given("This one: its next attempt, or a replay if it has ended.")
    missing: EventForWebhookInput | None = given("An event for a webhook; if it has a delivery already, that one.")


EmitPlanResult = Result("EmitPlanResult", EmitPlan, "A plan, or why there is none.")
DeliveryPlanResult = Result("DeliveryPlanResult", DeliveryPlan, "A plan, or why there is none.")


async def _emit(info: Info, input: EmitEventInput) -> object:
    return await asked(info, emit_plans.plan_emit, command(EmitEvent, input))


async def _delivery(info: Info, input: PlanDeliveryInput) -> object:
    return await asked(info, delivery_plan.plan_delivery, command(delivery_plan.PlanDelivery, input))


@strawberry.type
class Queries:
    """Root fields of this noun."""

    plan_emit = answering(
        emit_plans.plan_emit,
        EmitPlanResult,
        _emit,
        "The webhooks that would get an event, why others would not, and its bytes; no network.",
        metadata={"cost": _COST, "rows": 100},
    )
    plan_delivery = answering(
        delivery_plan.plan_delivery,
        DeliveryPlanResult,
        _delivery,
        "The request of a delivery's next attempt; no network. It shows the event, so EVENTS_READ is needed too.",
        metadata={"cost": _COST},
    )
