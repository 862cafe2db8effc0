"""The end of a connection whose request is refused before its body has come (RFC 9112 §9.6)."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SILENT_SECONDS: Final = 0.5
_MOST_SECONDS: Final = 5.0
_MOST_BYTES: Final = 32 * 1024 * 1024


class Lingering:
    """ASGI middleware: reads and drops the rest of a body before the connection closes.

    A server that closes with bytes unread resets the connection, and the client loses the answer with its reason. It
    ends after half a second without a byte, and after 5 s or 32 MB at most.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_all, closes = False, False

        async def receive_noted() -> Message:
            nonlocal has_all
            message = await receive()
            has_all = has_all or not message.get("more_body", False)
            return message

        async def send_lingering(message: Message) -> None:
            nonlocal closes
            if message["type"] == "http.response.start":
                closes = (b"connection", b"close") in message["headers"]
            if closes and not has_all and _is_end(message):
                await send({**message, "more_body": True})
                await _drop(receive)
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        await self._app(scope, receive_noted, send_lingering)


def _is_end(message: Message) -> bool:
    return message["type"] == "http.response.body" and not message.get("more_body", False)


async def _drop(receive: Receive) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + _MOST_SECONDS
    more, dropped = True, 0
    while more and dropped < _MOST_BYTES and loop.time() < until:
        try:
            message = await asyncio.wait_for(receive(), _SILENT_SECONDS)
        except TimeoutError:
            return
        more = message.get("more_body", False)
        dropped += len(message.get("body", b""))
