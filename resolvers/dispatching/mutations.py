"""Dispatch: run a capability on the remote service, with a durable record on either side of the call."""

from __future__ import annotations

from typing import Final

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, NotReady, TooMany, UpstreamFailed
from models.row import new_id
from models.vocabulary import Permission
from resolvers.connect.invitation import invitation
from resolvers.dispatching.attempt import Dispatched, Ready, answer_of, attempt
from resolvers.dispatching.build import Candidate, RunCapability, build, candidate
from resolvers.dispatching.replay import guarding
from resolvers.dispatching.send import Prepared, Sent
from resolvers.operation import READS, exchange
from resolvers.outbound.request import Outbound
from resolvers.readiness import not_ready
from resolvers.recorder import Intent
from resolvers.work import Work

OPERATION: Final = "dispatch"


async def load(work: Work, run: RunCapability) -> Ready:
    """Find, permit, validate, pick and build; nothing has been sent."""
    chosen = await candidate(work, run)
    shown = None if chosen.picked.borrowed else chosen.connection
    integration = chosen.found.integration
    if not chosen.ready.available:
        raise not_ready(chosen.ready, connect_url=await invitation(work, integration, shown, chosen.ready))
    outbound = await build(work, chosen, run.idempotency_key)
    prepared = Prepared(
        intent=_intent(work, chosen, outbound, run.idempotency_key),
        outbound=outbound,
        connection=chosen.connection,
    )
    return Ready(prepared=prepared, integration=integration, connection=shown)


@exchange(
    load,
    attempt,
    loads=READS,
    records=READS,
    needs=(Permission.DISPATCH_READ, Permission.DISPATCH_WRITE),
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, NotReady, TooMany, UpstreamFailed),
)
async def dispatch(work: Work, ready: Ready, sent: Sent | NotReady) -> Dispatched:
    """Run a capability. A failure of the remote service is an outcome, not a refusal."""
    return await answer_of(work, ready, sent)


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
        url=outbound.recorded_url(),
        request_digest=chosen.digest,
        correlation_id=intent_id,
        deadline_at=now + capability.timeout_seconds * 1000,
        key=guarding(work, OPERATION, key, now),
    )


def _shown_connection_id(chosen: Candidate) -> str | None:
    """A publisher's own connection is used unseen: also the record does not name it."""
    return None if chosen.connection is None or chosen.picked.borrowed else chosen.connection.id
