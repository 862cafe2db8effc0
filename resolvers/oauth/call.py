"""Calls with an OAuth token: renew it before the call if it has expired, and once if the service refuses it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from models.errors import DomainError, UpstreamTimeout
from proxy.auth import with_bearer
from proxy.call import Answer, Failure, OutboundRequest, call
from resolvers.caller import Caller
from resolvers.credentials.held import HeldToken
from resolvers.fitness import changed
from resolvers.hub import Hub
from resolvers.oauth.renewal import FreshToken, RenewToken, fresh_token, require_reconnect

_UNAUTHORIZED: Final = 401
_LEAST_SECONDS: Final = 0.001
_LOST: Final = "The remote service refuses the token (401); connect again."


async def call_with_token(
    hub: Hub,
    request: OutboundRequest,
    held: HeldToken | None,
    *,
    clock: Callable[[], float] = time.monotonic,
    fresh: FreshToken | None = None,
    renewed: list[str] | None = None,
) -> Answer | Failure:
    """Like `proxy.call.call`; `held` is None for a credential that is no OAuth token, `fresh` is from `due_token`.

    A renewed token is appended to `renewed` before it is sent, so that its value can be masked in the answer.
    Everything happens within the request's time. After a 401 the token is renewed and the same request is sent once
    more. If that is a 401 too, it is the answer, and the connection becomes NEEDS_RECONNECT. Raises also NotReady,
    UpstreamFailed and NotFound if there is no token to send: then nothing was sent.
    """
    if held is None:
        return await call(hub.egress, request)
    deadline = clock() + request.timeout_seconds
    if fresh is None:
        fresh = await due_token(hub, request, held)
    answer = await call(hub.egress, _armed(request, fresh, deadline - clock(), renewed))
    if not _refused(answer):
        return answer
    if fresh is None and held.renewable:
        try:
            fresh = await _within(deadline - clock(), fresh_token(hub, held))
            armed = _armed(request, fresh, deadline - clock(), renewed)
        except DomainError:  # the 401 is the answer; the connection records the failed renewal
            return answer
        again = await call(hub.egress, armed)
        answer = replace(again, attempts=again.attempts + answer.attempts)
    if _refused(answer):
        lost = RenewToken(connection_id=held.connection_id, version=fresh.version if fresh else held.version)
        with suppress(DomainError):  # the call is made and must be recorded; the next call tries this again
            await require_reconnect(Caller.of_hub(hub, held.organization_id), lost, _LOST)
    return answer


async def due_token(hub: Hub, request: OutboundRequest, held: HeldToken | None) -> FreshToken | None:
    """The token to send in place of one that has ended, within the request's time; None if the held one is good.

    Raises NotReady, UpstreamFailed and NotFound if there is none, or none that may go to the request's address.
    """
    if held is None or not held.due:
        return None
    fresh = await _within(request.timeout_seconds, fresh_token(hub, held))
    if not fresh.origins.allows_call(request.url):
        raise changed(request.url)
    return fresh


def _refused(answer: Answer | Failure) -> bool:
    return isinstance(answer, Answer) and answer.status == _UNAUTHORIZED


def _armed(
    request: OutboundRequest, fresh: FreshToken | None, seconds: float, renewed: list[str] | None
) -> OutboundRequest:
    """The request with a fresh token. Raises NotReady if its address is none that the token is meant for."""
    if fresh is None:
        return request
    if renewed is not None:
        renewed.append(fresh.access_token)
    if not fresh.origins.allows_call(request.url):
        raise changed(request.url)
    headers = with_bearer(request.headers, fresh.access_token)
    return replace(request, headers=headers, timeout_seconds=max(seconds, _LEAST_SECONDS))


async def _within(seconds: float, renewal: Awaitable[FreshToken]) -> FreshToken:
    """Stop waiting after `seconds`; the renewal itself continues."""
    try:
        async with asyncio.timeout(max(seconds, 0)):
            return await renewal
    except TimeoutError as late:
        raise UpstreamTimeout("The token of the connection was not renewed in time; try again.") from late
