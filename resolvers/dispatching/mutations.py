"""Dispatch: run a capability on the remote service, with a durable record on either side of the call."""

from __future__ import annotations

from typing import Final

from models.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound, NotReady, TooMany, UpstreamFailed
from models.vocabulary import Permission
from resolvers.connect.invitation import invitation
from resolvers.dispatching.attempt import Dispatched, Ready, answer_of, attempt
from resolvers.dispatching.build import RunCapability, build, candidate
from resolvers.dispatching.prepare import prepare
from resolvers.dispatching.send import Sent
from resolvers.operation import READS, exchange
from resolvers.readiness import not_ready
from resolvers.work import Work

OPERATION: Final = "dispatch"


async def load(work: Work, run: RunCapability) -> Ready:
    """Find, permit, validate, pick and build. Nothing is sent."""
    chosen = await candidate(work, run)
    found, picked = chosen.found, chosen.picked
    if not chosen.ready.available:
        link = await invitation(work, found.integration, picked.shown, chosen.ready)
        raise not_ready(chosen.ready, connect_url=link)
    return prepare(
        work,
        await build(work, chosen, run.idempotency_key),
        picked,
        operation=OPERATION,
        key=run.idempotency_key,
        digest=chosen.digest,
        integration=found.integration,
        installation=found.installation,
        capability=found.capability,
    )


@exchange(
    load,
    attempt,
    loads=READS,
    records=READS,
    needs=(Permission.DISPATCH_READ, Permission.DISPATCH_WRITE),
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, NotReady, TooMany, UpstreamFailed),
)
async def dispatch(work: Work, ready: Ready, sent: Sent | DomainError) -> Dispatched:
    """Run a capability. A failure of the remote service is an outcome, not a refusal."""
    return await answer_of(work, ready, sent)
