"""Receive bytes from a caller or from an address: few bodies at once, and judged by their content."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from models.errors import InvalidInput, Path, TooMany, UpstreamBlocked, UpstreamFailed
from models.vocabulary import HttpMethod, UploadPurpose, UpstreamFailure
from proxy.transport import EgressTransport, fetch
from resolvers.hub import Hub
from resolvers.uploads.content import MOST_BYTES, Content, judge
from resolvers.uploads.unfit import Unfit

_FETCH_SECONDS: Final = 30.0
_TURN_SECONDS: Final = 10.0


async def fetch_content(hub: Hub, organization_id: str, purpose: UploadPurpose, url: str, *, path: Path) -> Content:
    """The content at an address, read through the egress guard.

    Raises TooMany, UpstreamFailed, and InvalidInput at `path` if it does not fit the purpose.
    """
    async with turn(hub, organization_id):
        raw = await _read(hub, organization_id, url, MOST_BYTES[purpose])
        return await judged(purpose, raw, path)


@asynccontextmanager
async def turn(hub: Hub, organization_id: str) -> AsyncIterator[None]:
    """Wait for a turn: few bodies of an organization are in memory at once. Raises TooMany, after 10 s at most."""
    try:
        async with asyncio.timeout(_TURN_SECONDS):
            await hub.uploads.enter(organization_id)
    except (TimeoutError, TooMany) as cause:
        raise TooMany("Other uploads of yours are arriving; send fewer at once.", retry_after_seconds=5) from cause
    try:
        yield
    finally:
        hub.uploads.leave(organization_id)


async def judged(purpose: UploadPurpose, raw: bytes, path: Path) -> Content:
    """The content, judged in a thread. Raises InvalidInput at `path` if it does not fit the purpose."""
    try:
        return await asyncio.to_thread(judge, purpose, raw)
    except Unfit as cause:
        raise InvalidInput.at(path, str(cause)) from cause


async def _read(hub: Hub, organization_id: str, url: str, most: int) -> bytes:
    """The bytes at an address. Raises UpstreamFailed for any answer but 200; redirects are not followed."""
    objection = hub.egress.policy.objection(url)
    if objection is not None:
        raise UpstreamBlocked(objection)
    transport = EgressTransport(hub.egress, lane=organization_id, seconds=_FETCH_SECONDS, most=most, repeats=True)
    answer = await fetch(transport, HttpMethod.GET, url, headers={})
    status = answer.status_code
    if status != 200:
        message = f"The remote service answered {status}; only 200 is accepted; redirects are not followed."
        raise UpstreamFailed(message, reason=UpstreamFailure.ERROR_STATUS, external_status=status)
    return answer.content
