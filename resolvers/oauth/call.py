"""Calls with an OAuth token: renew it before the call if it has ended, and once if the service refuses it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from models.errors import DomainError, UpstreamTimeout
from proxy.auth import with_bearer
from proxy.call import Answer, Failure, OutboundRequest, call
from resolvers.credentials.held import HeldToken
from resolvers.fitness import changed
from resolvers.hub import Hub
from resolvers.oauth.challenge import Refusal, refusal_of
from resolvers.oauth.renewal import FreshToken, fresh_token
from resolvers.oauth.standing import note_answer

_LEAST_SECONDS: Final = 0.001


async def call_with_token(
    hub: Hub,
    request: OutboundRequest,
    held: HeldToken | None,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    fresh: FreshToken | None = None,
    renewed: list[str] | None = None,
) -> Answer | Failure:
    """Like `proxy.call.call`; `held` is None for a credential that is no OAuth token, `fresh` is from `due_token`.

    A renewed token is appended to `renewed` before it is sent, so that its value can be masked in the answer.
    Everything happens within the request's time. A 401 means that nothing was executed, so that the same request may
    be sent again: with a renewed token, unless it lacks a scope, and with a token of this call once more when the
    vendor has had time to know it. A 401 after that is the answer; `note_answer` decides if the grant has ended.
    Raises also NotReady, UpstreamFailed and NotFound if there is no token to send: then nothing was sent.
    """
    if held is None:
        return await call(hub.egress, request)
    deadline = clock() + request.timeout_seconds
    if fresh is None:
        fresh = await due_token(hub, request, held)
    answer = await call(hub.egress, _armed(request, fresh, deadline - clock(), renewed))
    if fresh is None and _calls_for_renewal(held, answer):
        try:
            fresh = await _within(deadline - clock(), fresh_token(hub, held))
            armed = _armed(request, fresh, deadline - clock(), renewed)
        except DomainError:  # the 401 is the answer; the connection records the failed renewal
            return answer
        answer = await _again(hub, answer, armed)
    pause = hub.pace.token_settling
    if fresh is not None and _is_of_token(answer) and deadline - clock() > pause:
        await sleep(pause)
        answer = await _again(hub, answer, _armed(request, fresh, deadline - clock(), renewed))
    await note_answer(hub, held, fresh.version if fresh else held.version, answer, renewed=fresh is not None)
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


async def _again(hub: Hub, before: Answer | Failure, request: OutboundRequest) -> Answer | Failure:
    answer = await call(hub.egress, request)
    return replace(answer, attempts=answer.attempts + before.attempts)


def _is_of_token(answer: Answer | Failure) -> bool:
    """Whether another token may help."""
    return isinstance(answer, Answer) and refusal_of(answer) in (Refusal.INVALID_TOKEN, Refusal.UNCLEAR)


def _calls_for_renewal(held: HeldToken, answer: Answer | Failure) -> bool:
    """Whether a new token may help; a path that refuses every token must not have it renewed by each call."""
    if not held.renewable or not isinstance(answer, Answer):
        return False
    refusal = refusal_of(answer)
    return refusal is Refusal.INVALID_TOKEN or (refusal is Refusal.UNCLEAR and not held.futile)


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
