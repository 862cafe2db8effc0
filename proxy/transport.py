"""httpx over the egress, for the rare calls: token endpoints, key sets, userinfo, fetched documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import httpx

from models.errors import UpstreamBlocked
from proxy.call import Failure, call
from proxy.egress import Egress
from proxy.message import Answer, OutboundRequest

#: The egress sets them itself, or has done with the answer what they ask for.
_OF_THE_REQUEST: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
_OF_THE_ANSWER: Final = frozenset({"content-length", "transfer-encoding", "connection", "content-encoding"})


class EgressTransport(httpx.AsyncBaseTransport):
    """Sends what httpx is asked for through the egress: guarded, capped, counted, each over its own connection.

    `lane`, `seconds` and `most` are the lane, the whole time and the largest answer of an `OutboundRequest`; httpx's
    own limits have no effect. `repeats`: retry as `proxy.call.call` does. Raises as `Egress.send`.
    """

    def __init__(
        self, egress: Egress, *, lane: str, seconds: float, most: int | None = None, repeats: bool = False
    ) -> None:
        self._egress = egress
        self._lane = lane
        self._seconds = seconds
        self._most = most
        self._repeats = repeats

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange, its answer read whole."""
        headers = [(name, value) for name, value in request.headers.multi_items() if name not in _OF_THE_REQUEST]
        answer = await self._send(
            OutboundRequest(
                method=request.method,
                url=str(request.url),
                headers=tuple(headers),
                body=await request.aread() or None,
                timeout_seconds=self._seconds,
                lane=self._lane,
                max_answer_bytes=self._most,
            )
        )
        told = [(_raw(name), _raw(value)) for name, value in answer.headers if name.lower() not in _OF_THE_ANSWER]
        return httpx.Response(answer.status, headers=told, content=answer.body, request=request)

    async def _send(self, request: OutboundRequest) -> Answer:
        if not self._repeats:
            return await self._egress.send(request)
        outcome = await call(self._egress, request)
        if isinstance(outcome, Failure):
            raise outcome.error
        return outcome


async def fetch(
    transport: EgressTransport, method: str, url: str, *, headers: Mapping[str, str], body: str | None = None
) -> httpx.Response:
    """One call without cookies and redirects. Raises as the transport does; UpstreamBlocked for no address."""
    plain = {"User-Agent": "Patchbay"}
    async with httpx.AsyncClient(transport=transport, trust_env=False, headers=plain) as client:
        try:
            return await client.request(method, url, headers=headers, content=body)
        except httpx.InvalidURL as error:
            raise UpstreamBlocked("This is not an address that can be called.") from error


def _raw(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
