"""Webhooks: the type, the inputs and the root fields of the noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.errors import TooMany
from models.vocabulary import BreakerState, OrderFailure, WebhookOrdering
from resolvers.page import NEWEST_FIRST
from resolvers.webhooks import catching_up, change, edges, fields, queries
from resolvers.webhooks import mutations as operations
from resolvers.webhooks import secrets as secret_operations
from schema.delivery import Delivery, DeliveryFilter
from schema.kit.context import Info
from schema.kit.field import column, derived, given, listing, reading, related, to_many, to_one, viewed
from schema.kit.headers import HeaderInput, HeaderTemplate
from schema.kit.ids import row_id
from schema.kit.mutation import mutation
from schema.kit.node import RowNode, node, view
from schema.kit.page import CountedPageOf, PageOf
from schema.kit.removal import deletion
from schema.kit.result import Result
from schema.kit.scalars import DateTime
from schema.principal import Principal

if TYPE_CHECKING:
    from schema.integration import Integration

_PATTERNS = "Declared names, `*` at the end allowed; `*` alone or none: all but the hub's own, which `Hub.*` takes."
_FILTER = (
    "JMESPath over `type`, `entityId` and `payload` of an event; it takes those for which the result is true."
    " Tried on the last 100 events before it is saved."
)
_URL = "Where; https, or http to networks that the operator allows."


@node(tables.Webhook)
class Webhook(RowNode):
    """An outside endpoint that takes events, signed by Standard Webhooks."""

    name: str = column("Label.")
    description: str = column("For people.")
    url: str = derived(fields.shown_url, "Where; values of its query, which may be keys, as `***`.")
    event_type_patterns: list[str] = derived(lambda row: row.event_patterns, _PATTERNS)
    integration: Annotated[Integration, strawberry.lazy("schema.integration")] | None = to_one(
        edges.INTEGRATION_BY_WEBHOOK,
        "Only events of this integration; null when it takes all, or you may not see it.",
    )
    filter: str | None = column(_FILTER)
    filter_fault_count: int = derived(lambda row: row.filter_faults, "How often the filter failed on an event.")
    filter_fault: str | None = column("Why it failed last; such an event is not taken.")
    ordering: WebhookOrdering = column("In order for each entity, or as they come.")
    order_failure: OrderFailure = column("What a failed delivery means for later ones of its entity.")
    headers: list[HeaderTemplate] = derived(
        lambda row: [HeaderTemplate(**hint) for hint in row.header_hints], "Added headers, values as `***`."
    )
    concurrency: int = column("Most requests in flight.")
    rate_limit: int | None = column("Most requests a second; null: no limit.")
    timeout_seconds: int = column("Time for one request.")
    enabled: bool = column("Takes events.")
    disabled_reason: str | None = column("Why it was disabled.")
    disabled_at: DateTime | None = column("When it was disabled.")
    breaker: BreakerState = column("Circuit breaker.")
    breaker_retry_at: DateTime | None = derived(lambda row: row.breaker_until, "When an OPEN breaker tries again.")
    failing_since: DateTime | None = column("Since when every attempt has failed.")
    secret_overlap_until: DateTime | None = viewed(
        fields.overlap_end, "Until when a former secret also signs; null when only the newest does."
    )
    secret_count: int = viewed(fields.secret_count, "How many secrets sign now.")
    catching_up: bool = derived(fields.is_catching_up, "Gets older events first; live ones come after them.")
    held_count: int = related(
        edges.HELD_COUNT_BY_WEBHOOK,
        lambda row: row.id,
        "Deliveries that wait because it is disabled, counted up to 1,000.",
        shows=lambda row, count: 0 if row.enabled else count,
    )
    deliveries: PageOf[Delivery] = to_many(
        edges.DELIVERIES_BY_WEBHOOK, "Deliveries, newest first.", filter=(DeliveryFilter, queries.DeliveryFilter)
    )
    created_by: Principal | None = to_one(
        edges.MAKER_BY_WEBHOOK,
        "The user that made it. Null: an app or the operator did, or another user changed its address or selection.",
    )
    version: int = column("Grows with every change; for `expectedVersion`.")
    created_at: DateTime = column("When it was made.")
    updated_at: DateTime = column("Last change.")


@strawberry.input(one_of=True, description="The first event that a webhook gets: exactly one member.")
class StartFrom:
    place: catching_up.StartPlace | None = given("NOW: those accepted from now on. BEGINNING: all that are kept.")
    time: DateTime | None = given("Those that were accepted at this time or later.")
    cursor: str | None = given("Those after an event, by its `cursor`.")


@strawberry.input(description="A new webhook.")
class CreateWebhookInput:
    name: str = strawberry.field(description="Label.")
    url: str = strawberry.field(description=_URL)
    description: str | None = given("For people.")
    event_type_patterns: list[str] = strawberry.field(default_factory=list, description=_PATTERNS)
    integration_id: strawberry.ID | None = given("Only of this integration.")
    filter: str | None = given(_FILTER)
    ordering: WebhookOrdering = strawberry.field(default=WebhookOrdering.NONE, description="Order.")
    order_failure: OrderFailure = strawberry.field(
        default=OrderFailure.BLOCK, description="What a failed delivery means for later ones of its entity."
    )
    headers: list[HeaderInput] = strawberry.field(
        default_factory=list, description="Added headers, at most 20, stored encrypted, sent to this origin only."
    )
    concurrency: int = strawberry.field(default=10, description="Most requests in flight, 1 to 100.")
    rate_limit: int | None = given("Most requests a second, 1 to 1,000.")
    timeout_seconds: int = strawberry.field(default=15, description="Time for one request, 1 to 30 seconds.")
    enabled: bool = strawberry.field(default=True, description="Takes events at once.")
    start_from: StartFrom | None = given(
        "The first event that it gets. Older ones come first, in their order and below live traffic of others; then"
        " it goes over to live ones without a gap. NOW when absent."
    )


@strawberry.input(description="New values of a webhook.")
class UpdateWebhookInput:
    id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int | None = given("Refuse as Stale when it has moved on.")
    name: str | None = given("Label.")
    url: str | None = given(f"{_URL} Another origin drops the headers, unless they are given too.")
    description: str | None = given("For people.")
    event_type_patterns: list[str] | None = given(_PATTERNS)
    integration_id: strawberry.ID | None = given("Only of this integration; null: of all.")
    filter: str | None = given(f"{_FILTER} Null removes it.")
    ordering: WebhookOrdering | None = given("Order.")
    order_failure: OrderFailure | None = given("What a failed delivery means for later ones of its entity.")
    headers: list[HeaderInput] | None = given("Replaces the added headers.")
    concurrency: int | None = given("Most requests in flight, 1 to 100.")
    rate_limit: int | None = given("Most requests a second, 1 to 1,000; null: no limit.")
    timeout_seconds: int | None = given("Time for one request, 1 to 30 seconds.")
    enabled: bool | None = given("Takes events. True also closes the breaker and forgets failures.")


@strawberry.input(description="A secret to renew.")
class RotateWebhookSecretInput:
    webhook_id: strawberry.ID = strawberry.field(description="Which.")
    overlap_seconds: int = strawberry.field(
        default=secret_operations.DEFAULT_OVERLAP_SECONDS,
        description="How long the former secret signs too; 0 to 604,800. Ends set by earlier rotations stay.",
    )
    expire_previous: bool = strawberry.field(default=False, description="End all former secrets now.")


@view(operations.WebhookChange, "A webhook and, when new, its secret.")
class WebhookPayload:
    webhook: Webhook = column("The webhook.")
    secret: str | None = column("`whsec_…`, after creation and rotation only.")
    filter_tried: int | None = derived(
        lambda done: done.trial and done.trial.tried, "Recent events on which the filter was tried; null: it was not."
    )
    filter_matches: int | None = derived(lambda done: done.trial and done.trial.matches, "How many of them it takes.")
    headers_dropped: bool = column(
        "The added headers are gone: the URL has another origin than the one that they were entered for."
    )
    narrowed: bool = column(
        "It takes fewer events of restricted integrations now: only those that both its maker and you may see."
    )


WebhookResult = Result("WebhookResult", WebhookPayload, "A webhook, or why not.", besides=(TooMany,))


async def _webhook(root: Any, info: Info, id: strawberry.ID) -> Any:
    return await queries.read_webhook(info.context.caller, row_id(id))


@strawberry.type
class Queries:
    """Root fields of this noun."""

    webhooks: CountedPageOf[Webhook] = listing(queries.list_webhooks, "Webhooks, newest first.", order=NEWEST_FIRST)
    webhook: Webhook | None = reading(queries.read_webhook, _webhook, "One webhook.")


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    create_webhook = mutation(
        operations.create_webhook,
        WebhookResult,
        "Make a webhook; its secret is in the answer, once.",
        input=CreateWebhookInput,
        reads=change.CreateWebhook,
    )
    update_webhook = mutation(
        operations.update_webhook,
        WebhookResult,
        "Change, enable or disable a webhook; enabling closes its breaker.",
        input=UpdateWebhookInput,
        reads=change.UpdateWebhook,
    )
    delete_webhook = deletion(
        operations.delete_webhook, Webhook, "Remove a webhook and its deliveries; waiting ones are not sent any more."
    )
    rotate_webhook_secret = mutation(
        secret_operations.rotate_webhook_secret,
        WebhookResult,
        "Make a new secret; the former ones also sign for the overlap.",
        input=RotateWebhookSecretInput,
        reads=secret_operations.RotateWebhookSecret,
        shows=lambda done: operations.WebhookChange(webhook=done.webhook, secret=done.secret),
    )
