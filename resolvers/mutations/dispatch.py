"""Dispatch: run a capability on the remote service, with a durable record on either side of the call."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, NotReady, TooMany, UpstreamFailed
from models.row import new_id
from models.tables import Capability, Connection, Dispatch, Installation, Integration
from models.vocabulary import DispatchOutcome, Permission, UpstreamFailure
from proxy.message import OutboundRequest
from resolvers.caller import Hub
from resolvers.connecting.invitation import invitation
from resolvers.dispatching.build import Candidate, Outbound, RunCapability, build, candidate
from resolvers.dispatching.replay import earlier, guarding
from resolvers.dispatching.response import Response, unseal_response
from resolvers.dispatching.send import Prepared, Sent, row_of, send
from resolvers.operation import exchange
from resolvers.readiness import Availability, not_ready
from resolvers.recorder import Existing, Intent
from resolvers.work import Work

OPERATION = "dispatch"
_GRACE_MS = 60_000


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A prepared dispatch and the rows that its answer shows. `connection` is None where it is never shown."""

    prepared: Prepared
    capability: Capability
    integration: Integration
    installation: Installation | None
    connection: Connection | None


@dataclass(frozen=True, kw_only=True)
class Dispatched:
    """The record, and the answer of the remote service where there was one. `replayed`: nothing was sent now."""

    dispatch: Dispatch
    capability: Capability
    installation: Installation | None
    response: Response | None
    failure: UpstreamFailure | None = None
    replayed: bool = False


async def load(work: Work, run: RunCapability) -> Loaded:
    """Find, permit, validate, pick and build; nothing has been sent."""
    chosen = await candidate(work, run)
    shown = None if chosen.picked.borrowed else chosen.connection
    integration = chosen.found.integration
    if not chosen.ready.available:
        raise not_ready(chosen.ready, connect_url=await invitation(work, integration, shown, chosen.ready))
    outbound = await build(work, chosen, run.idempotency_key)
    prepared = Prepared(
        intent=_intent(work, chosen, outbound, run.idempotency_key),
        request=OutboundRequest(
            method=chosen.capability.method,
            url=outbound.url,
            headers=outbound.headers,
            body=outbound.body,
            timeout_seconds=chosen.capability.timeout_seconds,
            lane=work.organization_id,
            retry_safe=run.idempotency_key is not None,
            pooled=True,
        ),
        outbound=outbound,
        connection=chosen.connection,
    )
    return Loaded(
        prepared=prepared,
        capability=chosen.capability,
        integration=integration,
        installation=chosen.found.installation,
        connection=shown,
    )


async def _send(hub: Hub, loaded: Loaded) -> Sent | NotReady:
    """That the token has ended may show only now."""
    try:
        return await send(hub, loaded.prepared)
    except NotReady as refusal:  # it gets its link where rows can be read
        return refusal


@exchange(
    load,
    _send,
    needs=(Permission.DISPATCH_READ, Permission.DISPATCH_WRITE),
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, NotReady, TooMany, UpstreamFailed),
    reads=True,
)
async def dispatch(work: Work, loaded: Loaded, sent: Sent | NotReady) -> Dispatched:
    """Run a capability. A failure of the remote service is an outcome, not a refusal."""
    if isinstance(sent, NotReady):
        raise await _as_if_known_before(work, loaded, sent)
    if sent.existing is not None:
        return await _replay(work, loaded, sent.existing)
    assert sent.outcome is not None  # noqa: S101  what was sent has one
    return Dispatched(
        dispatch=row_of(loaded.prepared.intent, sent.outcome),
        capability=loaded.capability,
        installation=loaded.installation,
        response=sent.response,
        failure=sent.failure,
    )


def _intent(work: Work, chosen: Candidate, outbound: Outbound, key: str | None) -> Intent:
    caller, capability, now = work.caller, chosen.capability, work.now()
    intent_id = new_id(now)
    return Intent(
        id=intent_id,
        created_at=now,
        organization_id=work.organization_id,
        integration_id=capability.integration_id,
        installation_id=chosen.found.installation.id if chosen.found.installation else None,
        capability_id=capability.id,
        capability_name=capability.name,
        connection_id=_shown_connection_id(chosen),
        principal_id=caller.principal_id,
        token_id=caller.token_id,
        source=caller.source,
        method=capability.method,
        url=outbound.recorded_url,
        request_digest=chosen.digest,
        correlation_id=intent_id,
        deadline_at=now + capability.timeout_seconds * 1000,
        key=guarding(work, OPERATION, key, now),
    )


def _shown_connection_id(chosen: Candidate) -> str | None:
    """A publisher's own connection is used unseen: also the record does not name it."""
    return None if chosen.connection is None or chosen.picked.borrowed else chosen.connection.id


async def _as_if_known_before(work: Work, loaded: Loaded, refusal: NotReady) -> NotReady:
    found = Availability(available=False, reason=refusal.reason)
    link = await invitation(work, loaded.integration, loaded.connection, found)
    return NotReady(refusal.message, reason=refusal.reason, connect_url=link)


async def _replay(work: Work, loaded: Loaded, existing: Existing) -> Dispatched:
    row = await earlier(work, loaded.prepared.intent, existing)
    return Dispatched(
        dispatch=row,
        capability=loaded.capability,
        installation=loaded.installation,
        response=unseal_response(work.hub, row),
        failure=UpstreamFailure.TIMEOUT if row.outcome is DispatchOutcome.TIMED_OUT else None,
        replayed=True,
    )
