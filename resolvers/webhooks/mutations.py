"""Create, change and remove webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from models.tables import Organization, Webhook
from models.vocabulary import Permission, WebhookKind
from proxy.endpoint import canonical_endpoint
from resolvers.hub import Hub
from resolvers.operation import READS, WRITES, exchange, operation
from resolvers.unset import Unset, given
from resolvers.webhooks.catching_up import begin_catch_up
from resolvers.webhooks.change import (
    CreateWebhook,
    UpdateWebhook,
    apply_gate,
    apply_url,
    apply_values,
    disable,
    drop_headers,
    narrow,
    set_headers,
)
from resolvers.webhooks.check import check_webhook, redirects
from resolvers.webhooks.finding import gate_of, lock_webhook
from resolvers.webhooks.gates import close_gate, new_gate
from resolvers.webhooks.patterns import stored_patterns
from resolvers.webhooks.removal import ask_to_remove, withdraw
from resolvers.webhooks.secrets import add_first_secret
from resolvers.webhooks.trial import Sample, Trial, recent_events, try_filter
from resolvers.work import Work

MOST_WEBHOOKS: Final = 100


@dataclass(frozen=True, kw_only=True)
class WebhookChange:
    """A webhook after a change. `secret`: the new one, shown this once. `trial`: of its filter, if that was tried.

    `headers_dropped`: its headers were entered for another origin. `narrowed`: see `update_webhook`.
    """

    webhook: Webhook
    secret: str | None = None
    trial: Trial | None = None
    headers_dropped: bool = False
    narrowed: bool = False


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A checked command, with the events on which its filter is tried. `filter` is None if there is none to try."""

    command: CreateWebhook | UpdateWebhook
    organization_id: str
    filter: str | None
    samples: Sequence[Sample]


async def prepare_creation(work: Work, new: CreateWebhook) -> Draft:
    """Check a new webhook."""
    await check_webhook(work, new)
    return await _draft(work, new, new.filter, stored_patterns(new.event_type_patterns), new.integration_id)


async def prepare_change(work: Work, new: UpdateWebhook) -> Draft:
    """Check new values together with the stored ones."""
    webhook = await work.get(Webhook, new.id, path=("id",))
    await check_webhook(work, new, webhook)
    tried = given(new.filter, webhook.filter) if _selects_anew(new) else None
    patterns = given(new.event_type_patterns, webhook.event_patterns)
    return await _draft(
        work, new, tried, stored_patterns(patterns or ()), given(new.integration_id, webhook.integration_id)
    )


async def try_draft(hub: Hub, draft: Draft) -> Trial | None:
    """Try the filter, outside of any transaction. Raises InvalidInput if it fails on an event."""
    if draft.filter is None:
        return None
    return await try_filter(hub, draft.filter, draft.samples, organization_id=draft.organization_id)


@exchange(
    prepare_creation,
    try_draft,
    loads=READS,
    records=WRITES,
    needs=Permission.WEBHOOKS_WRITE,
    refuses=(NotFound, Conflict, InvalidInput),
)
async def create_webhook(work: Work, draft: Draft, trial: Trial | None) -> WebhookChange:
    """Make a webhook and its first secret. At most 100 of an organization.

    It takes events of restricted integrations if its maker is an administrator, owns the integration, or names it.
    """
    new = draft.command
    assert isinstance(new, CreateWebhook)  # noqa: S101  as prepared
    await _require_room(work)
    webhook = Webhook(
        organization_id=work.organization_id,
        name=new.name,
        description=new.description or "",
        url=canonical_endpoint(new.url),
        event_patterns=stored_patterns(new.event_type_patterns),
        integration_id=new.integration_id,
        filter=new.filter,
        ordering=new.ordering,
        order_failure=new.order_failure,
        concurrency=new.concurrency,
        rate_limit=new.rate_limit,
        timeout_seconds=new.timeout_seconds,
        sees_restricted=work.caller.is_admin,
        created_by=work.caller.principal_id,
        created_by_token=work.caller.token_id,
        secrets=b"",
    )
    secret = add_first_secret(work, webhook)
    set_headers(work, webhook, new.headers or ())
    if not new.enabled:
        disable(work, webhook)
    work.add(webhook)
    work.audit(webhook, "webhook.created")
    gate = work.add(new_gate(webhook))
    if not new.enabled:
        await work.flush()  # an insert takes None for absent
        close_gate(gate)
    if new.start_from is not None:
        await begin_catch_up(work, webhook, new.start_from)
    return WebhookChange(webhook=webhook, secret=secret, trial=trial)


@exchange(
    prepare_change,
    try_draft,
    loads=READS,
    records=WRITES,
    needs=Permission.WEBHOOKS_WRITE,
    refuses=(NotFound, InvalidInput, Forbidden, Stale),
)
async def update_webhook(work: Work, draft: Draft, trial: Trial | None) -> WebhookChange:
    """Change a webhook. Its version increases by one.

    A change of its address or of its selection leads events to a place or out of a log that its maker did not mean.
    Afterwards it takes only events that both the maker and the caller may see: those of restricted integrations that
    it took for an administrator only if the caller is one, and those that its maker owns only if the maker or an
    administrator makes the change. If the caller does not see the integration that it names, the change is refused.
    Nobody can limit it to an integration that its maker may not see: it never takes more than its maker may see.
    """
    new = draft.command
    assert isinstance(new, UpdateWebhook)  # noqa: S101  as prepared
    webhook = await lock_webhook(work, new.id, expected_version=new.expected_version, path=("id",))
    narrowed = redirects(new) and narrow(work, webhook)
    moved = apply_url(webhook, new)
    dropped = moved and isinstance(new.headers, Unset) and drop_headers(webhook)
    apply_values(webhook, new)
    if not isinstance(new.headers, Unset):
        set_headers(work, webhook, new.headers or ())
    await apply_gate(work, webhook, new, moved=moved)
    webhook.version += 1
    work.audit(webhook, "webhook.updated")
    return WebhookChange(webhook=webhook, trial=trial, headers_dropped=dropped, narrowed=narrowed)


@operation(needs=Permission.WEBHOOKS_WRITE, refuses=(NotFound,))
async def delete_webhook(work: Work, id: str) -> str:
    """Remove a webhook. It is hidden and sends nothing more at once; a job removes its deliveries. Answers its id."""
    webhook = await lock_webhook(work, id, path=("id",))
    work.audit(webhook, "webhook.deleted")
    await withdraw(work, webhook, await gate_of(work, webhook))
    await ask_to_remove(work, webhook)
    return webhook.id


async def _draft(
    work: Work,
    command: CreateWebhook | UpdateWebhook,
    filter: str | None,
    patterns: Sequence[str],
    integration_id: str | None,
) -> Draft:
    samples = [] if filter is None else await recent_events(work, patterns, integration_id)
    return Draft(command=command, organization_id=work.organization_id, filter=filter, samples=samples)


async def _require_room(work: Work) -> None:
    """Raise Conflict at the hundredth webhook. The lock makes two that are created at once wait for each other."""
    here = select(Organization).where(col(Organization.id) == work.organization_id)
    await work.session.execute(here.with_for_update(key_share=True))  # references to it do not wait
    living = select(func.count()).where(
        col(Webhook.organization_id) == work.organization_id,
        col(Webhook.kind) == WebhookKind.ENDPOINT,
        col(Webhook.removed_at).is_(None),
    )
    if (await work.session.execute(living)).scalar_one() >= MOST_WEBHOOKS:
        raise Conflict(f"An organization has at most {MOST_WEBHOOKS} webhooks; delete one, or widen one's patterns.")


def _selects_anew(new: UpdateWebhook) -> bool:
    return not all(isinstance(value, Unset) for value in (new.filter, new.event_type_patterns, new.integration_id))
