"""Bodies of requests in memory: a budget that all requests of the process share."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import TooMany

#: The part of a body that is never refused: large bodies of others do not keep small ones out.
FREE_BYTES: Final = 64 * 1024
_RETRY_SECONDS: Final = 5
_CROWDED: Final = "The hub has too many large requests at once; send this one again in some seconds."


class Arrivals:
    """ASGI middleware: each request counts the bytes of its body that have arrived, until it is answered.

    Receiving more than `limit` of all requests raises TooMany in the face that reads. The server drops the rest of
    the body, so that the sender gets the answer.
    """

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._used = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held = 0

        async def receive_counted() -> Message:
            nonlocal held
            message = await receive()
            size = len(message.get("body", b""))
            held += size
            self._used += size
            if held > FREE_BYTES and self._used > self._limit:
                raise TooMany(_CROWDED, retry_after_seconds=_RETRY_SECONDS)
            return message

        try:
            await self._app(scope, receive_counted, send)
        finally:
            self._used -= held
