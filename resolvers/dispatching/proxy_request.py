"""Proxied requests: the caller's own request, sent with an integration's credential, and recorded like a dispatch."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound, NotReady, TooMany, UpstreamFailed
from models.tables import Connection, Definition, Installation, Integration
from models.vocabulary import Permission
from resolvers.connect.invitation import invitation
from resolvers.dispatching.attempt import Dispatched, Ready, answer_of, attempt
from resolvers.dispatching.prepare import StepCause, prepare
from resolvers.dispatching.proxying import ProxyRequest, build_proxied
from resolvers.dispatching.send import Sent
from resolvers.find import get_integration
from resolvers.idempotency import check_key, digest_of_input
from resolvers.integrations.fields import owned_by
from resolvers.operation import READS, exchange
from resolvers.pick import Pick, picked
from resolvers.readiness import Readiness, availability, not_ready
from resolvers.work import Work

_OPERATION: Final = "proxyRequest"


async def load_request(work: Work, asked: ProxyRequest, cause: StepCause | None = None) -> Ready:
    """Find, permit, pick and build. Nothing is sent. The key of a run's step (`cause`) is sent, and not claimed."""
    check_key(asked.idempotency_key)
    integration = await get_integration(work, asked.integration, path=("integration",))
    _permit(work, integration)
    installation = await _installation(work, integration)
    chosen = await picked(work, integration, named=asked.connection_id)
    await _require_usable(work, integration, installation, chosen)
    outbound = await build_proxied(work, asked, integration, chosen.connection)
    return prepare(
        work,
        outbound,
        chosen,
        operation=_OPERATION,
        key=asked.idempotency_key if cause is None else None,
        digest=_digest(asked, integration, chosen.connection, outbound.request.body),
        integration=integration,
        installation=installation,
        cause=cause,
    )


@exchange(
    load_request,
    attempt,
    loads=READS,
    records=READS,
    needs=Permission.PROXY_REQUEST,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, NotReady, TooMany, UpstreamFailed),
)
async def proxy_request(work: Work, ready: Ready, sent: Sent | DomainError) -> Dispatched:
    """Send the caller's request through an integration. A failure of the remote service is an outcome."""
    return await answer_of(work, ready, sent)


def _permit(work: Work, integration: Integration) -> None:
    """Raise Forbidden for another organization's integration: its credentials serve only declared endpoints."""
    if not owned_by(integration, work.caller):
        raise Forbidden(
            "You can send requests only through integrations that your organization owns;"
            " run one of this app's capabilities instead."
        )
    work.caller.need_unlimited()


async def _installation(work: Work, integration: Integration) -> Installation | None:
    return await work.first(
        select(Installation).where(
            col(Installation.integration_id) == integration.id,
            col(Installation.organization_id) == work.organization_id,
        )
    )


async def _require_usable(
    work: Work, integration: Integration, installation: Installation | None, chosen: Pick
) -> None:
    definition = await work.find(Definition, integration.definition_id or "")
    usable = availability(Readiness.of(integration, installation, definition, chosen))
    if not usable.available:
        raise not_ready(usable, connect_url=await invitation(work, integration, chosen.connection, usable))


def _digest(asked: ProxyRequest, integration: Integration, connection: Connection | None, body: bytes | None) -> str:
    """Octets are in it by their digest: equal ones in base64 and in an upload are the same input."""
    octets = body if asked.body is None and body is not None else None
    digests = [] if octets is None else [hashlib.sha256(octets).hexdigest()]
    headers = [(header.name, header.value) for header in asked.headers or ()]
    connection_id = connection.id if connection else None
    return digest_of_input(
        [integration.id, asked.method, asked.path, asked.query, headers, asked.body, connection_id, *digests]
    )
