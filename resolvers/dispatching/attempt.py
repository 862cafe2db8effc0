"""Send a prepared call and build its answer, for dispatches and proxied requests alike."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import NotReady
from models.tables import Connection, Dispatch, Integration
from resolvers.connect.invitation import invitation
from resolvers.dispatching.replay import earlier
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
    """The record, and the answer of the remote service if there was one. `replayed`: nothing was sent now."""

    dispatch: Dispatch
    response: Response | None
    replayed: bool = False


async def attempt(hub: Hub, ready: Ready) -> Sent | NotReady:
    """Send the call. NotReady is returned, not raised.

    A token may turn out to be expired during the call. Only `answer_of` can read the rows for the refusal's link.
    """
    try:
        return await send(hub, ready.prepared)
    except NotReady as refusal:
        return refusal


async def answer_of(work: Work, ready: Ready, sent: Sent | NotReady) -> Dispatched:
    """The answer for the caller. Raises NotReady with a link, and the refusals of `earlier` for a used key."""
    if isinstance(sent, NotReady):
        raise await _with_link(work, ready, sent)
    if sent.existing is not None:
        row = await earlier(work, ready.prepared.intent, sent.existing)
        return Dispatched(dispatch=row, response=await unseal_response(work.hub, row), replayed=True)
    return Dispatched(dispatch=row_of(ready.prepared.intent, sent.outcome), response=sent.response)


async def _with_link(work: Work, ready: Ready, refusal: NotReady) -> NotReady:
    found = Availability(available=False, reason=refusal.reason)
    link = await invitation(work, ready.integration, ready.connection, found)
    return NotReady(refusal.message, reason=refusal.reason, connect_url=link)
