"""Deliveries to apps and their tunnels: an answer of their own, and the end of a tunnel that is dead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from jobs.job import NewJob
from models.tables import Webhook
from models.vocabulary import WebhookKind
from resolvers.operation import OPERATOR, operation
from resolvers.webhooks.health import MOST_FAILURES
from resolvers.webhooks.outcome import Outcome, Verdict
from resolvers.webhooks.sending import Exchange
from resolvers.work import Work

#: The job that ends a development mode, in the organization of the app.
END_DEVELOPMENT: Final = "app.end_development"
_AT_ONCE: Final = frozenset({Verdict.GONE, Verdict.REFUSED})
_TRIES: Final = 20


def judged(webhook: Webhook, exchange: Exchange) -> Exchange:
    """The exchange by the rules of its kind of webhook: an app answers 406 for an event that it does not handle."""
    if webhook.kind is WebhookKind.ENDPOINT or exchange.outcome.external_status != HTTPStatus.NOT_ACCEPTABLE:
        return exchange
    return replace(
        exchange, outcome=Outcome(verdict=Verdict.SUCCEEDED, external_status=exchange.outcome.external_status)
    )


def waits_of(webhook: Webhook, waits: Sequence[int], attempts: int) -> Sequence[int]:
    """Seconds before the second and each later attempt. A tunnel is tried again after the first wait each time."""
    return [waits[0]] * attempts if webhook.kind is WebhookKind.TUNNEL else waits


def death_of(webhook: Webhook, outcome: Outcome) -> str | None:
    """A sentence why a tunnel has ended by the outcome of an attempt; None if it has not, and for an endpoint."""
    if webhook.kind is not WebhookKind.TUNNEL or outcome.verdict is Verdict.SUCCEEDED:
        return None
    if outcome.verdict in _AT_ONCE:
        return f"The tunnel takes nothing more. {outcome.error}"
    if webhook.failures + 1 < MOST_FAILURES:
        return None
    return f"The tunnel failed {MOST_FAILURES} times in a row. {outcome.error}"


@operation(needs=OPERATOR)
async def report_dead_tunnel(work: Work, webhook: Webhook, reason: str) -> None:
    """Ask for the end of the development mode of a tunnel's app. Asking twice asks once."""
    await work.enqueue(
        NewJob(
            operation=END_DEVELOPMENT,
            caption=f"End the development mode of {webhook.name}"[:255],
            organization_id=webhook.organization_id,
            payload={"webhook_id": webhook.id, "version": webhook.version, "reason": reason},
            subject_kind="Integration",
            subject_id=webhook.integration_id,
            integration_id=webhook.integration_id,
            dedupe_key=f"{END_DEVELOPMENT}:{webhook.id}",
            max_attempts=_TRIES,
        )
    )
