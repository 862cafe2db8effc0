"""Tests of webhooks: one event sent at once, and the whole exchange."""

from __future__ import annotations

import strawberry

from models.vocabulary import UpstreamFailure
from resolvers.webhooks import testing as operations
from schema.kit.field import column, derived
from schema.kit.headers import HeaderTemplate
from schema.kit.mutation import mutation
from schema.kit.node import view
from schema.kit.result import Result
from schema.webhook import Webhook


@strawberry.input(description="A webhook to test.")
class TestWebhookInput:
    """Names the webhook."""

    __test__ = False  # no test of pytest's

    id: strawberry.ID = strawberry.field(description="Which.")
    enable_on_success: bool = strawberry.field(default=False, description="Enable it if the receiver answers 2xx.")


@view(operations.WebhookTest, "The whole exchange of a test, secrets masked. It counts in no statistics.")
class TestWebhookPayload:
    """The exchange."""

    __test__ = False  # no test of pytest's

    webhook: Webhook = column("The webhook as it is now.")
    succeeded: bool = column("The receiver answered 2xx in time.")
    sentence: str = column("The verdict, in a sentence.")
    url: str = column("Where it went, query values masked.")
    headers: list[HeaderTemplate] = derived(
        lambda test: [HeaderTemplate(name=name, value=value) for name, value in test.headers],
        "Request headers, secrets and signatures masked.",
    )
    body: str = column("Request body.")
    external_status: int | None = column("Status of the answer; null when there was none.")
    response_excerpt: str | None = column("First 4 kB of the answer.")
    failure: UpstreamFailure | None = column("How it failed; null if it did not.")
    latency_ms: int = column("From request to answer.")
    enabled: bool = column("This test has enabled the webhook.")
    breaker_closed: bool = column("This test has closed its breaker.")


TestWebhookResult = Result("TestWebhookResult", TestWebhookPayload, "A test, or why there was none.")


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    test_webhook = mutation(
        operations.test_webhook,
        TestWebhookResult,
        "Send `Hub.webhook.test` to a webhook at once, also to a disabled one, and show the exchange.",
        input=TestWebhookInput,
        reads=operations.TestWebhook,
    )
