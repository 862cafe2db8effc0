"""Answers of remote services that are sent while they come."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models.errors import DomainError
from proxy.message import Rest

_PATIENCE: Final = 60.0


class Relayed(Response):
    """A response whose body comes from a remote service. It ends with its client, or with its remote service.

    A body that is cut there is cut here: the connection closes without the end of the body (RFC 9112 §8), so that
    nobody takes a part for the whole. A proxy in front of the hub is asked to hold nothing back. `patience`: seconds
    until the client has taken the next piece.
    """

    def __init__(self, status: int, rest: Rest, *, patience: float = _PATIENCE) -> None:
        super().__init__(None, status)
        length = [] if rest.length is None else [(b"content-length", b"%d" % rest.length)]  # else it goes in chunks
        self.raw_headers = [*length, (b"x-accel-buffering", b"no")]
        self._rest = rest
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._rest):
            sending = asyncio.create_task(self._send(send))
            leaving = asyncio.create_task(_left(receive))
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                leaving.cancel()
                sending.cancel()
                await asyncio.wait({sending, leaving})
            if not sending.cancelled():
                sending.result()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async for piece in self._rest:
                async with asyncio.timeout(self._patience):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except (DomainError, TimeoutError):
            return  # recorded; the server closes the connection, since the body has no end
        await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
