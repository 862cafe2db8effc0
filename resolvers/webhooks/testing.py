"""Testing a webhook: send it one event of the hub at once and show the whole exchange. Nothing of it is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jobs.job import JOBS
from models.errors import NotFound, TooMany
from models.row import new_id
from models.tables import Webhook
from models.vocabulary import BreakerState, HubEvent, Permission, Source, UpstreamFailure
from resolvers.emission.body import frozen_body, serialised
from resolvers.emission.draft import Draft
from resolvers.hub import Hub
from resolvers.operation import READS, WRITES, exchange
from resolvers.outbound.request import Outbound
from resolvers.webhooks.catching_up import resume_catch_up
from resolvers.webhooks.change import begin_anew
from resolvers.webhooks.finding import gate_of, lock_webhook
from resolvers.webhooks.gates import open_gate
from resolvers.webhooks.outcome import Outcome, Verdict
from resolvers.webhooks.request import Message, signed_request
from resolvers.webhooks.sending import Exchange, post
from resolvers.work import Work

_TAKEN: Final = "The receiver answered {}: it takes events."
_GONE: Final = "The receiver answered 410 Gone, so it wants no events. An event answered so disables the webhook."
#: In place of the numbers of an event that is not in the log.
_NO_NUMBER: Final = 0


@dataclass(frozen=True, kw_only=True)
class TestWebhook:
    """`enable_on_success`: enable the webhook if the receiver answers with 2xx."""

    __test__ = False  # no test of pytest's

    id: str
    enable_on_success: bool = False


@dataclass(frozen=True, kw_only=True)
class WebhookTest:
    """The exchange, secrets masked. `sentence`: the verdict for people. `enabled`: this test has enabled it.

    `breaker_closed`: this test has closed its breaker. `body`: as it was sent.
    """

    webhook: Webhook
    succeeded: bool
    sentence: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    external_status: int | None
    response_excerpt: str | None
    failure: UpstreamFailure | None
    latency_ms: int
    enabled: bool = False
    breaker_closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The signed request of a test."""

    command: TestWebhook
    outbound: Outbound
    body: str


async def load(work: Work, test: TestWebhook) -> Loaded:
    """Sign the test event. A disabled webhook and one with an open breaker are tested too."""
    webhook = await work.get(Webhook, test.id, path=("id",))
    draft = Draft(
        organization_id=webhook.organization_id,
        type=HubEvent.WEBHOOK_TEST,
        entity_id=webhook.id,
        data={"webhookId": webhook.id, "name": webhook.name, "requestedBy": work.caller.signature},
        source=Source.HUB,
        created_at=work.now(),
    )
    body = frozen_body(draft, serialised(draft.data), _NO_NUMBER, _NO_NUMBER)
    message = Message(id=new_id(work.now()), body=body.encode())
    outbound = signed_request(work.hub.keyring, webhook, message, work.now())
    return Loaded(command=test, outbound=outbound, body=body)


async def send(hub: Hub, loaded: Loaded) -> Exchange:
    """Send it once. Raises TooMany if the hub has no room for it now."""
    return await post(hub, loaded.outbound)


@exchange(load, send, loads=READS, records=WRITES, needs=Permission.WEBHOOKS_WRITE, refuses=(NotFound, TooMany))
async def test_webhook(work: Work, loaded: Loaded, sent: Exchange) -> WebhookTest:
    """Send `Hub.webhook.test` to one webhook now, and show the exchange. It counts in no statistics.

    It is in no log: `sequence` and `entitySequence` are 0. A success closes an open breaker: deliveries go on, one in
    flight at first.
    """
    succeeded = sent.outcome.verdict is Verdict.SUCCEEDED
    webhook = await lock_webhook(work, loaded.command.id, path=("id",))
    enables = succeeded and loaded.command.enable_on_success and not webhook.enabled
    closes = succeeded and webhook.enabled and webhook.breaker is not BreakerState.CLOSED
    if enables or closes:
        begin_anew(webhook)
        open_gate(await gate_of(work, webhook), webhook)
        webhook.version += enables
        work.wake(JOBS)
    work.audit(webhook, "webhook.tested")
    await resume_catch_up(work, webhook)
    return WebhookTest(
        webhook=webhook,
        succeeded=succeeded,
        sentence=_sentence(sent.outcome),
        url=loaded.outbound.recorded_url(),
        headers=tuple(loaded.outbound.shown_headers()),
        body=loaded.body,
        external_status=sent.outcome.external_status,
        response_excerpt=sent.excerpt,
        failure=sent.outcome.failure,
        latency_ms=sent.latency_ms,
        enabled=enables,
        breaker_closed=closes,
    )


def _sentence(outcome: Outcome) -> str:
    """The outcome's sentence, save of 410: a test disables nothing."""
    if outcome.verdict is Verdict.GONE:
        return _GONE
    return outcome.error or _TAKEN.format(outcome.external_status)
