"""Development mode: for a day, the events of the owner's organization go to a developer's tunnel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from jobs.job import JOBS
from models.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from models.row import new_id
from models.tables import Integration, Publication, Webhook
from models.vocabulary import HubEvent, Permission, Source, WebhookKind
from proxy.endpoint import canonical_endpoint, endpoint_objection
from resolvers.apps.ending import end_development
from resolvers.apps.receiver import app_webhook, copy_secrets, new_webhook
from resolvers.emission.body import frozen_body, serialised
from resolvers.emission.draft import Draft
from resolvers.faults import Faults
from resolvers.find import IntegrationRef, get_integration, managed_integration
from resolvers.hub import Hub
from resolvers.managing import manages, require_own_app
from resolvers.operation import READS, WRITES, exchange
from resolvers.outbound.request import Outbound
from resolvers.webhooks.change import begin_anew
from resolvers.webhooks.finding import gate_of
from resolvers.webhooks.gates import new_gate, open_gate
from resolvers.webhooks.of_apps import judged
from resolvers.webhooks.outcome import Verdict
from resolvers.webhooks.request import Message, signed_request
from resolvers.webhooks.secrets import add_first_secret
from resolvers.webhooks.sending import Exchange, post
from resolvers.work import Work

#: A development mode ends so long after it was begun or renewed, in milliseconds.
LASTS_MS: Final = 86_400_000
LONGEST_URL: Final = 256
_FORBIDDEN: Final = (
    "The operator of this hub allows no tunnels (PATCHBAY_TUNNELS), so there is no development mode; publish the app"
    " with an address for its events."
)
_UNPUBLISHED: Final = "The integration is not published, so it has no development mode; publish it first."


@dataclass(frozen=True, kw_only=True)
class SetDevelopmentMode:
    """`tunnel_url`: at most 256 characters; None ends development mode. `all_organizations` has no effect."""

    app: IntegrationRef
    tunnel_url: str | None = None
    all_organizations: bool = False


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A checked command. `probe`: the signed request that shows whether the tunnel answers; None if there is none.

    `tunnel`: a webhook with the secrets that sign the probe, not stored yet.
    """

    command: SetDevelopmentMode
    tunnel: Webhook | None = None
    probe: Outbound | None = field(default=None, repr=False)


async def load(work: Work, new: SetDevelopmentMode) -> Loaded:
    """Check the command, and sign the probe."""
    integration = await get_integration(work, new.app, path=("app",))
    if integration.organization_id != work.organization_id:
        raise NotFound("integration", path=("app",))
    require_own_app(work, integration, path=("app",))
    if not await manages(work, [integration]):
        raise Forbidden("Only its owner, those with a MANAGE share and administrators may change it.", path=("app",))
    if new.tunnel_url is None:
        return Loaded(command=new)
    if not work.hub.tunnels:
        raise Forbidden(_FORBIDDEN)
    _check_url(work, new.tunnel_url)
    published = work.mine(Publication).where(col(Publication.integration_id) == integration.id)
    if await work.first(published) is None:
        raise Conflict(_UNPUBLISHED, path=("app",))
    tunnel = new_webhook(integration, WebhookKind.TUNNEL, canonical_endpoint(new.tunnel_url))
    add_first_secret(work, tunnel)
    return Loaded(command=new, tunnel=tunnel, probe=_probe(work, tunnel))


async def probe(hub: Hub, loaded: Loaded) -> Exchange | None:
    """Send the probe through the egress guard. Raises InvalidInput if the tunnel does not take it, and TooMany."""
    if loaded.probe is None or loaded.tunnel is None:
        return None
    exchange = judged(loaded.tunnel, await post(hub, loaded.probe))
    if exchange.outcome.verdict is not Verdict.SUCCEEDED:
        raise InvalidInput.at(
            "tunnel_url",
            f"The tunnel does not take events: {exchange.outcome.error} It must answer a signed POST with 200 to 299,"
            " or with 406 for an event that it does not handle.",
        )
    return exchange


@exchange(
    load,
    probe,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_PUBLISH,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, TooMany),
)
async def set_development_mode(work: Work, loaded: Loaded, sent: Exchange | None) -> Integration:
    """Begin, renew or end the development mode of an app.

    While it lasts, events of the owner's organization go to the tunnel, signed, in place of the app's own address.
    It ends after 24 hours, after ten failures in a row, or by hand; the events that the tunnel did not take go to
    the app's own address then.
    """
    new = loaded.command
    integration = await managed_integration(work, new.app, path=("app",))
    held = select(Publication).where(col(Publication.integration_id) == integration.id)
    publication = await work.first(held.with_for_update(key_share=True))
    if publication is None:
        raise Conflict(_UNPUBLISHED, path=("app",))
    if sent is None or loaded.tunnel is None:
        if publication.tunnel_url is not None:
            await end_development(work, publication, integration, f"Ended by {work.caller.signature}.")
        return integration
    await _open_tunnel(work, loaded.tunnel)
    publication.tunnel_url = loaded.tunnel.url
    publication.tunnel_all = new.all_organizations
    publication.tunnel_until = work.now() + LASTS_MS
    work.audit(publication, "integration.development_began")
    return integration


async def _open_tunnel(work: Work, probed: Webhook) -> None:
    """Store the tunnel, or lead the one that there is to the new address. It has the secrets of the app's address."""
    tunnel = await app_webhook(work, probed.integration_id or "", WebhookKind.TUNNEL)
    if tunnel is not None:
        tunnel.url = probed.url
        begin_anew(tunnel)
        open_gate(await gate_of(work, tunnel), tunnel)
        tunnel.version += 1
        work.wake(JOBS)
        return
    work.add(probed)
    work.add(new_gate(probed))
    address = await app_webhook(work, probed.integration_id or "", WebhookKind.APP)
    if address is not None:
        copy_secrets(work, address, probed)


def _check_url(work: Work, url: str) -> None:
    faults = Faults()
    if faults.text("tunnel_url", url, most=LONGEST_URL, least=1):
        objection = endpoint_objection(work.hub.egress.policy, url)
        faults.check(objection is None, "tunnel_url", objection or "")
    faults.refuse()


def _probe(work: Work, tunnel: Webhook) -> Outbound:
    """`Hub.webhook.test` for the tunnel; it is in no log."""
    draft = Draft(
        organization_id=tunnel.organization_id,
        type=HubEvent.WEBHOOK_TEST,
        entity_id=tunnel.id,
        data={"webhookId": tunnel.id, "name": tunnel.name, "requestedBy": work.caller.signature},
        source=Source.HUB,
        created_at=work.now(),
    )
    body = frozen_body(draft, serialised(draft.data), 0, 0)
    message = Message(id=new_id(work.now()), body=body.encode(), development=True)
    return signed_request(work.hub.keyring, tunnel, message, work.now())
