"""Answers on their way to a client: in pieces that it takes, and counted in memory until it has them."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxy.inflight import delivery

_PIECE: Final = 256 * 1024


class Delivery:
    """ASGI middleware: what the egress received for a request counts until its answer is written.

    A large body goes in pieces, since the server waits for a slow client between two messages and not inside one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_pieces(message: Message) -> None:
            body = message.get("body", b"")
            if len(body) <= _PIECE:
                await send(message)
                return
            for start in range(0, len(body), _PIECE):
                is_last = start + _PIECE >= len(body)
                more = message.get("more_body", False) if is_last else True
                await send({**message, "body": body[start : start + _PIECE], "more_body": more})

        with delivery():
            await self._app(scope, receive, send_pieces)
