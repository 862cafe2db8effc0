"""Deliveries of events to webhooks, and their attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.vocabulary import UpstreamFailure, WorkState
from resolvers.page import NEWEST_FIRST
from resolvers.webhooks import edges, fields, queries
from schema.kit.context import Info
from schema.kit.field import column, derived, given, listing, reading, related, to_one
from schema.kit.headers import HeaderTemplate
from schema.kit.ids import row_id
from schema.kit.node import RowNode, node
from schema.kit.page import PageOf
from schema.kit.scalars import Count, DateTime

if TYPE_CHECKING:
    from schema.event import Event
    from schema.webhook import Webhook


@node(tables.Attempt)
class Attempt(RowNode):
    """One try of a delivery."""

    delivery: Annotated[Delivery, strawberry.lazy("schema.delivery")] = to_one(
        edges.DELIVERY_BY_ATTEMPT, "Of which delivery."
    )
    number: int = column("Counts from 1, over all series and replays.")
    replayed: bool = column("Of a replay by hand.")
    url: str = column("Where it went, query values masked.")
    request_headers: list[HeaderTemplate] = derived(
        lambda row: [HeaderTemplate(**pair) for pair in row.request_headers],
        "Request headers, secrets and signatures masked.",
    )
    external_status: int | None = column("Status of the answer; null when there was none.")
    response_excerpt: str | None = column("First 4 kB of the answer.")
    failure: UpstreamFailure | None = column("How it failed below HTTP, or that the status was an error.")
    error: str | None = column("Why it failed, in a sentence.")
    attempted_at: DateTime = derived(lambda row: row.created_at, "When.")
    latency_ms: int = column("From request to the end of the answer.")


@node(tables.Delivery)
class Delivery(RowNode):
    """An event on its way to a webhook."""

    message_id: str = derived(
        fields.message_id, "The `webhook-id` header; the same on every attempt, and on replays that make no copy."
    )
    webhook: Annotated[Webhook, strawberry.lazy("schema.webhook")] = to_one(edges.WEBHOOK_BY_DELIVERY, "Where to.")
    event: Annotated[Event, strawberry.lazy("schema.event")] | None = to_one(
        edges.EVENT_BY_DELIVERY, "What; null when it is gone or you may not see it."
    )
    event_type: str = column("Type of the event.")
    entity_id: str = column("What the event is about.")
    sequence: Count = column("Place of the event in the order of your organization.")
    state: WorkState = related(
        edges.STANDING_BY_DELIVERY,
        edges.place_of,
        "How far. QUEUED includes waiting for a retry; HELD: the webhook is disabled, enabling it sends on.",
        shows=fields.state_of,
    )
    state_reason: str | None = related(
        edges.STANDING_BY_DELIVERY,
        edges.place_of,
        "Why it waits or failed, in a sentence; null when it is under way or has arrived.",
        shows=fields.state_reason,
    )
    attempt_count: int = column("Attempts so far, over all series and replays.")
    attempts: list[Attempt] = related(
        edges.ATTEMPTS_BY_DELIVERY,
        lambda row: row.id,
        "Attempts, oldest first; the last 100.",
        most=edges.MOST_ATTEMPTS,
    )
    external_status: int | None = column("Status of the last answer.")
    failure: UpstreamFailure | None = column("How the last attempt failed.")
    error: str | None = column("Why it FAILED, in a sentence.")
    next_attempt_at: DateTime | None = column("When it is tried next.")
    finished_at: DateTime | None = column("When it ended.")
    copy_of: str | None = derived(
        fields.original_message_id, "The `webhook-id` of the delivery of which a replay made this copy."
    )
    created_at: DateTime = column("When it was queued.")


@strawberry.input(description="Conditions on deliveries.")
class DeliveryFilter:
    state: list[WorkState] | None = given("How far; HELD and QUEUED as the field `state` shows them.")
    event_type: list[str] | None = given("Event types, `*` at the end allowed.")
    entity_id: str | None = given("What the events are about.")
    webhook_id: list[strawberry.ID] | None = given("Webhooks.")
    status_class: list[int] | None = given("First digits of the last status: 5 is 500 to 599.")
    failure: list[UpstreamFailure] | None = given("How the last attempt failed.")
    message_id: str | None = given("The `webhook-id` that a receiver saw.")
    since: DateTime | None = given("From.")
    until: DateTime | None = given("To, exclusive.")


async def _delivery(root: Any, info: Info, id: strawberry.ID) -> Any:
    return await queries.read_delivery(info.context.caller, row_id(id))


@strawberry.type
class Queries:
    """Root fields of this noun."""

    deliveries: PageOf[Delivery] = listing(
        queries.list_deliveries,
        "Deliveries of all webhooks, newest first.",
        order=NEWEST_FIRST,
        filter=(DeliveryFilter, queries.DeliveryFilter),
    )
    delivery: Delivery | None = reading(queries.read_delivery, _delivery, "One delivery.")
