"""Webhook: an outside endpoint; Delivery: an event on its way to one; Attempt: one try of a delivery."""

from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from models.row import (
    Changeable,
    Owned,
    Row,
    Scope,
    count_field,
    feed_field,
    flag_field,
    json_field,
    origins_field,
    partial_index,
    ref_field,
    secret_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import (
    BreakerState,
    OrderFailure,
    Permission,
    UpstreamFailure,
    WebhookKind,
    WebhookOrdering,
    WorkState,
)

_ANSWERED = "status_class IS NOT NULL"


class Webhook(Changeable, Owned, table=True):
    """Takes events of its organization that match all that is set of `event_patterns`, `integration_id`, `filter`.

    `secrets`: up to 5 signing secrets, newest first, each with the time until which it signs; they never leave.
    `secret_expiries`: those times, readable. `headers` go to the origin for which they were entered. `concurrency`:
    requests in flight; `rate_limit`: requests a second. `sees_restricted`: its maker sees every integration, so it
    takes restricted ones' events too. `failures`: failed attempts in a row, the first at `failing_since`;
    `first_failed_at` and `last_failed_at`: when deliveries used up their tries since then. `removed_at`: it is hidden
    and its deliveries are being removed. `catch_up_after`: it gets older events first and live ones later; its
    deliveries are queued up to this sequence. None: it gets events as they are accepted.
    """

    read_permission = Permission.WEBHOOKS_READ
    scope = Scope.ORGANIZATION

    __table_args__ = (
        Index(None, "organization_id", "id"),
        partial_index("ix_webhook_app", "integration_id", where="kind <> 'ENDPOINT'"),
        partial_index("ix_webhook_removed", "id", where="removed_at IS NOT NULL"),
    )

    kind: WebhookKind = word_field(WebhookKind, default=WebhookKind.ENDPOINT)
    name: str = text_field()
    description: str = text_field(None, default="")
    url: str = text_field(2048)
    event_patterns: list[str] = json_field(default_factory=list)
    integration_id: str | None = ref_field("integration.id", default=None)
    filter: str | None = text_field(None, default=None)
    filter_faults: int = count_field()
    filter_fault: str | None = text_field(None, default=None)
    ordering: WebhookOrdering = word_field(WebhookOrdering, default=WebhookOrdering.NONE)
    order_failure: OrderFailure = word_field(OrderFailure, default=OrderFailure.BLOCK)
    secrets: bytes = secret_field()
    secret_expiries: list[int | None] = json_field(default_factory=list)
    headers: bytes | None = secret_field(origins="headers_origins", default=None)
    headers_origins: str | None = origins_field()
    header_hints: list[dict[str, str]] = json_field(default_factory=list)
    concurrency: int = Field(default=10)
    rate_limit: int | None = Field(default=None)
    timeout_seconds: int = Field(default=15)
    sees_restricted: bool = flag_field()
    created_by: str | None = ref_field(default=None)
    created_by_token: str | None = ref_field(default=None)
    enabled: bool = Field(default=True)
    disabled_reason: str | None = text_field(None, default=None)
    disabled_at: int | None = time_field(default=None)
    breaker: BreakerState = word_field(BreakerState, default=BreakerState.CLOSED)
    breaker_until: int | None = time_field(default=None)
    failures: int = count_field()
    failing_since: int | None = time_field(default=None)
    first_failed_at: int | None = time_field(default=None)
    last_failed_at: int | None = time_field(default=None)
    noticed_at: int | None = time_field(default=None)
    removed_at: int | None = time_field(default=None)
    catch_up_after: int | None = Field(default=None, sa_type=BigInteger)
    version: int = Field(default=1)


class Delivery(Row, Owned, table=True):
    """One for each event and webhook; a replay uses it again, unless it is a copy of `original_id` under a new id.

    Its id is in the header `webhook-id`. `event_type`, `entity_id`, `integration_id` and `sequence` are the event's.
    `state` is QUEUED, SUCCEEDED, FAILED or CANCELLED; HELD is QUEUED at a disabled webhook. `unjudged`: the webhook's
    filter has not judged the event yet. `status_class`: the first digit of `external_status`. `error`: a sentence
    why it FAILED. `first_attempt_at`: of the series of attempts that runs or ran last.
    """

    read_permission = Permission.WEBHOOKS_READ
    scope = Scope.HISTORY

    __table_args__ = (
        partial_index("uq_delivery_event", "webhook_id", "event_id", where="original_id IS NULL", unique=True),
        Index(None, "webhook_id", "id"),
        Index(None, "webhook_id", "state", "id"),
        Index(None, "webhook_id", "state", "sequence"),
        Index(None, "event_id", "id"),
        Index(None, "organization_id", "id"),
        Index(None, "organization_id", "state", "id"),
        Index(None, "organization_id", "event_type", "id"),
        Index(None, "organization_id", "entity_id", "id"),
        partial_index(
            "ix_delivery_status", "organization_id", "status_class", "id", where="status_class IS NOT NULL"
        ),
        partial_index("ix_delivery_failure", "organization_id", "failure", "id", where="failure IS NOT NULL"),
    )

    webhook_id: str = ref_field("webhook.id")
    event_id: str = ref_field()
    original_id: str | None = ref_field(default=None)
    integration_id: str | None = ref_field(default=None)
    event_type: str = text_field()
    entity_id: str = text_field()
    sequence: int = Field(sa_type=BigInteger)
    state: WorkState = word_field(WorkState, default=WorkState.QUEUED)
    unjudged: bool = flag_field()
    attempt_count: int = Field(default=0)
    external_status: int | None = Field(default=None)
    status_class: int | None = Field(default=None)
    failure: UpstreamFailure | None = word_field(UpstreamFailure, default=None)
    error: str | None = text_field(None, default=None)
    next_attempt_at: int | None = time_field(default=None)
    first_attempt_at: int | None = time_field(default=None)
    finished_at: int | None = time_field(default=None)
    correlation_id: str = ref_field()


class Attempt(Row, Owned, table=True):
    """One request and its answer. `request_headers`: pairs, secrets and signatures masked."""

    read_permission = Permission.WEBHOOKS_READ
    scope = Scope.HISTORY

    __table_args__ = (
        Index(None, "delivery_id", "number", unique=True),
        Index(None, "organization_id", "feed", "id"),
    )

    delivery_id: str = ref_field("delivery.id")
    webhook_id: str = ref_field()
    integration_id: str | None = ref_field(default=None)
    number: int = Field()
    replayed: bool = flag_field()
    url: str = text_field(2048)
    request_headers: list[dict[str, Any]] = json_field(default_factory=list)
    external_status: int | None = Field(default=None)
    failure: UpstreamFailure | None = word_field(UpstreamFailure, default=None)
    error: str | None = text_field(None, default=None)
    response_excerpt: str | None = text_field(None, default=None)
    latency_ms: int = Field(default=0)
    feed: int | None = feed_field()
