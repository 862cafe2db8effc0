"""The address of an app: the webhook of kind APP to which its events go, from every organization."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from jobs.job import JOBS
from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from models.tables import Integration, Publication
from models.vocabulary import Permission, WebhookKind
from proxy.endpoint import canonical_endpoint, endpoint_objection
from proxy.signing import new_secret
from resolvers.apps.receiver import app_webhook, copy_secrets, new_webhook, own_webhooks, remove_app_webhook
from resolvers.find import IntegrationRef, managed_integration
from resolvers.operation import operation
from resolvers.tasks import drop_tasks
from resolvers.webhooks.change import begin_anew
from resolvers.webhooks.finding import gate_of
from resolvers.webhooks.gates import new_gate, open_gate
from resolvers.webhooks.secrets import DEFAULT_OVERLAP_SECONDS, add_first_secret, renew_secret
from resolvers.work import Work

_NO_ADDRESS: Final = (
    "It has no address for events, so there is no secret; publish it with an address, or begin its development mode."
)


async def apply_events_url(work: Work, publication: Publication, integration: Integration) -> str | None:
    """Make, change or remove an app's webhook after a change of `publication.events_url`.

    Answers the signing secret of a new one, to be shown this once. A new URL, and any URL of a webhook that was
    disabled, begins anew. Raises InvalidInput at `events_url`. The integration is of the caller's organization.
    """
    webhook = await app_webhook(work, integration.id, WebhookKind.APP)
    if publication.events_url is None:
        if webhook is not None:
            await remove_app_webhook(work, webhook)
        return None
    url = canonical_events_url(work, publication.events_url)
    if webhook is None:
        return await _make(work, integration, url)
    if webhook.url != url or not webhook.enabled:
        webhook.url = url
        begin_anew(webhook)
        open_gate(await gate_of(work, webhook), webhook)
        webhook.version += 1
        work.wake(JOBS)
    return None


def canonical_events_url(work: Work, url: str) -> str:
    """The one spelling of an app's address. Raises InvalidInput at `events_url`, by the rules of webhooks' URLs."""
    if objection := endpoint_objection(work.hub.egress.policy, url):
        raise InvalidInput.at("events_url", objection)
    return canonical_endpoint(url)


async def forget_app(work: Work, integration_id: str) -> None:
    """Remove the webhooks and the waiting tasks of an app that is withdrawn. It is of the caller's organization."""
    for webhook in await own_webhooks(work, integration_id):
        await remove_app_webhook(work, webhook)
    await drop_tasks(work, integration_id)


@dataclass(frozen=True, kw_only=True)
class RotateEventsSecret:
    """An app of the caller's organization."""

    app: IntegrationRef


@dataclass(frozen=True, kw_only=True)
class RotatedEventsSecret:
    """An app, and the new secret that signs its events, shown this once."""

    integration: Integration
    secret: str = field(repr=False)


@operation(needs=Permission.INTEGRATIONS_PUBLISH, refuses=(NotFound, Conflict, Forbidden))
async def rotate_events_secret(work: Work, new: RotateEventsSecret) -> RotatedEventsSecret:
    """Make a new secret for an app's events; the former one signs beside it for a day. Its tunnel has the same."""
    integration = await managed_integration(work, new.app, path=("app",))
    webhooks = await own_webhooks(work, integration.id)
    if not webhooks:
        raise Conflict(_NO_ADDRESS, path=("app",))
    secret = new_secret()
    for webhook in webhooks:
        renew_secret(work, webhook, secret, DEFAULT_OVERLAP_SECONDS)
    work.audit(integration, "integration.events_secret_rotated")
    return RotatedEventsSecret(integration=integration, secret=secret)


async def _make(work: Work, integration: Integration, url: str) -> str:
    webhook = new_webhook(integration, WebhookKind.APP, url)
    secret = add_first_secret(work, webhook)
    work.add(webhook)
    work.add(new_gate(webhook))
    tunnel = await app_webhook(work, integration.id, WebhookKind.TUNNEL)
    if tunnel is not None:
        copy_secrets(work, webhook, tunnel)
    return secret
