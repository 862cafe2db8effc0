"""Send a prepared call and build its answer, for dispatches and proxied requests alike."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import DomainError, NotFound, NotReady, UpstreamFailed
from models.tables import Connection, Dispatch, Integration
from resolvers.connect.invitation import invitation
from resolvers.dispatching.failure import DispatchFailure, failure_of
from resolvers.dispatching.replay import earlier, holder
from resolvers.dispatching.response import Response, unseal_response
from resolvers.dispatching.send import Prepared, Sent, row_of, send
from resolvers.hub import Hub
from resolvers.readiness import Availability
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A prepared call and the integration that it goes through.

    `connection` is None if there is none, or if it is the publisher's, which the caller may not see.
    """

    prepared: Prepared
    integration: Integration
    connection: Connection | None


@dataclass(frozen=True, kw_only=True)
class Dispatched:
    """The record, and the answer of the remote service if there was one. `replayed`: nothing was sent now.

    `refusal`: the hub itself had no room for the call, so nothing was sent. The record and `failure` say so too.
    """

    dispatch: Dispatch
    response: Response | None
    failure: DispatchFailure | None
    replayed: bool = False
    refusal: DomainError | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the remote service answered with 2xx or 3xx."""
        return self.failure is None


async def attempt(hub: Hub, ready: Ready) -> Sent | DomainError:
    """Send the call. A refusal for want of a token is returned, not raised.

    Only `answer_of` can read the rows for its link, and find an earlier call with the key, which needs no token.
    """
    try:
        return await send(hub, ready.prepared)
    except (NotReady, UpstreamFailed, NotFound) as refusal:
        return refusal


async def answer_of(work: Work, ready: Ready, sent: Sent | DomainError) -> Dispatched:
    """The answer for the caller. Raises the refusals of `attempt`, NotReady with a link, and those of `earlier`."""
    intent = ready.prepared.intent
    existing = await holder(work, intent) if isinstance(sent, DomainError) else sent.existing
    if existing is not None:
        row = await earlier(work, intent, existing)
        stored = await unseal_response(work.hub, row)
        response, kind = (stored, None) if isinstance(stored, Response) else (None, stored)
        return Dispatched(dispatch=row, response=response, failure=failure_of(row, kind), replayed=True)
    if isinstance(sent, DomainError):
        raise await _with_link(work, ready, sent) if isinstance(sent, NotReady) else sent
    row = row_of(intent, sent.outcome)
    failure = failure_of(row, sent.kind, sent.refusal) if sent.outcome is not None else None
    return Dispatched(dispatch=row, response=sent.response, failure=failure, refusal=sent.refusal)


async def _with_link(work: Work, ready: Ready, refusal: NotReady) -> NotReady:
    found = Availability(available=False, reason=refusal.reason)
    link = await invitation(work, ready.integration, ready.connection, found)
    return NotReady(refusal.message, reason=refusal.reason, connect_url=link)
