"""Changing a webhook: the commands, and their values applied to the row and its gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.job import JOBS
from models.origins import Origins, origin_of
from models.tables import Gate, Webhook
from models.vocabulary import BreakerState, OrderFailure, WebhookOrdering
from proxy.endpoint import canonical_endpoint
from resolvers.changes import MASK
from resolvers.outbound.request import Header
from resolvers.unset import UNSET, Unset, given
from resolvers.webhooks.catching_up import StartFrom, resume_catch_up
from resolvers.webhooks.check import is_maker
from resolvers.webhooks.fields import shown_url
from resolvers.webhooks.finding import gate_of
from resolvers.webhooks.gates import close_gate, limit, open_gate
from resolvers.webhooks.patterns import stored_patterns
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class CreateWebhook:
    """A new webhook. No patterns: all events of integrations. `rate_limit` in requests a second; None: no limit.

    `start_from`: the first event that it gets; None: those that are accepted from now on.
    """

    name: str
    url: str
    description: str | None = None
    event_type_patterns: Sequence[str] = ()
    integration_id: str | None = None
    filter: str | None = None
    ordering: WebhookOrdering = WebhookOrdering.NONE
    order_failure: OrderFailure = OrderFailure.BLOCK
    headers: Sequence[Header] | None = None
    concurrency: int = 10
    rate_limit: int | None = None
    timeout_seconds: int = 15
    enabled: bool = True
    start_from: StartFrom | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateWebhook:
    """New values; an absent one stays unchanged. Null clears a value that may be empty.

    A URL of another origin drops the headers, unless they are given too. `enabled` true begins anew: failures are
    forgotten and the breaker is closed.
    """

    id: str
    expected_version: int | Unset | None = UNSET
    name: str | Unset | None = UNSET
    url: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    event_type_patterns: Sequence[str] | Unset | None = UNSET
    integration_id: str | Unset | None = UNSET
    filter: str | Unset | None = UNSET
    ordering: WebhookOrdering | Unset | None = UNSET
    order_failure: OrderFailure | Unset | None = UNSET
    headers: Sequence[Header] | Unset | None = UNSET
    concurrency: int | Unset | None = UNSET
    rate_limit: int | Unset | None = UNSET
    timeout_seconds: int | Unset | None = UNSET
    enabled: bool | Unset | None = UNSET


def narrow(work: Work, webhook: Webhook) -> bool:
    """Leave to a webhook only events that its maker and the caller may see both. Answers whether it lost any."""
    caller = work.caller
    before = (webhook.sees_restricted, webhook.created_by, webhook.created_by_token)
    webhook.sees_restricted = webhook.sees_restricted and caller.is_admin
    if not caller.is_admin and not is_maker(caller, webhook):
        webhook.created_by = webhook.created_by_token = None
    return before != (webhook.sees_restricted, webhook.created_by, webhook.created_by_token)


def apply_values(webhook: Webhook, new: UpdateWebhook) -> None:
    """Set the values that were given, and that are of one column each."""
    webhook.name = given(new.name, webhook.name) or webhook.name
    webhook.description = given(new.description, webhook.description) or ""
    if not isinstance(new.event_type_patterns, Unset):
        webhook.event_patterns = stored_patterns(new.event_type_patterns or ())
    webhook.integration_id = given(new.integration_id, webhook.integration_id)
    if not isinstance(new.filter, Unset):
        webhook.filter, webhook.filter_fault, webhook.filter_faults = new.filter, None, 0
    webhook.ordering = given(new.ordering, webhook.ordering) or webhook.ordering
    webhook.order_failure = given(new.order_failure, webhook.order_failure) or webhook.order_failure
    webhook.concurrency = given(new.concurrency, webhook.concurrency) or webhook.concurrency
    webhook.rate_limit = given(new.rate_limit, webhook.rate_limit)
    webhook.timeout_seconds = given(new.timeout_seconds, webhook.timeout_seconds) or webhook.timeout_seconds


def apply_url(webhook: Webhook, new: UpdateWebhook) -> bool:
    """Set the URL. Answers whether it has another origin. The URL as it is shown, masked, changes nothing."""
    if not isinstance(new.url, str) or new.url == shown_url(webhook):
        return False
    url, before = canonical_endpoint(new.url), webhook.url
    webhook.url = url
    return origin_of(url) != origin_of(before)


def drop_headers(webhook: Webhook) -> bool:
    """Drop the headers, which were entered for another origin. Answers whether there were any."""
    if webhook.headers is None:
        return False
    webhook.headers = webhook.headers_origins = None
    webhook.header_hints = []
    return True


def set_headers(work: Work, webhook: Webhook, headers: Sequence[Header]) -> None:
    """Seal the headers, bound to the origin of the webhook's URL."""
    pairs = [{"name": header.name, "value": header.value} for header in headers]
    webhook.headers_origins = Origins.of(api=[webhook.url]).text() if pairs else None
    webhook.headers = work.seal(webhook, "headers", pairs) if pairs else None
    webhook.header_hints = [{**pair, "value": MASK} for pair in pairs]


async def apply_gate(work: Work, webhook: Webhook, new: UpdateWebhook, *, moved: bool) -> None:
    """Enable or disable, and apply limits that were given. `moved`: at its new origin it begins anew, if enabled."""
    gate = await gate_of(work, webhook)
    if not (isinstance(new.concurrency, Unset) and isinstance(new.rate_limit, Unset)):
        limit(gate, webhook)
    if new.enabled is False and webhook.enabled:
        disable(work, webhook)
        close_gate(gate)
    elif (new.enabled is True or (moved and webhook.enabled)) and _needs_enabling(webhook, gate, work.now()):
        begin_anew(webhook)
        open_gate(gate, webhook)
        await resume_catch_up(work, webhook)
        work.wake(JOBS)


def _needs_enabling(webhook: Webhook, gate: Gate, now: int) -> bool:
    """Whether something keeps it from sending: it is disabled, its breaker is not closed, or it was asked to wait."""
    waits = gate.opens_at is None or gate.opens_at > now
    return not webhook.enabled or webhook.breaker is not BreakerState.CLOSED or webhook.failures > 0 or waits


def disable(work: Work, webhook: Webhook) -> None:
    """Note who disabled it, and when. Its gate is closed apart from this."""
    webhook.enabled = False
    webhook.disabled_reason = f"Disabled by {work.caller.signature}."
    webhook.disabled_at = work.now()


def begin_anew(webhook: Webhook) -> None:
    """Enable it and close its breaker: a failure from before does not count towards the next disabling."""
    webhook.enabled = True
    webhook.disabled_reason = webhook.disabled_at = None
    webhook.breaker, webhook.breaker_until = BreakerState.CLOSED, None
    webhook.failures = 0
    webhook.failing_since = webhook.first_failed_at = webhook.last_failed_at = None
