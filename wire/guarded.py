"""Headers of every answer of every face, also of refusals: browsers do not guess its type, caches do not keep it."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOSNIFF: Final = {"x-content-type-options": "nosniff"}
NO_STORE: Final = {"cache-control": "no-store"}
_STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start"})


class GuardedAnswers:
    """ASGI middleware: nosniff on every answer (https://fetch.spec.whatwg.org/#x-content-type-options-header), and
    no-store (RFC 9111 §5.2.2.5) on each that names no Cache-Control of its own, because it may hold a secret.

    The refusal of a WebSocket is an answer too. The server's own answers to bytes that are no HTTP request, or no
    handshake (RFC 6455 §4.2.2), never come here; they hold nothing of the hub's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] in _STARTS:
                message["headers"] = _guarded(message.get("headers", ()))
            await send(message)

        async def denied(message: Message) -> None:
            if message["type"] == "websocket.close":  # before it is accepted, since no face accepts any
                await guarded({"type": "websocket.http.response.start", "status": 403, "headers": []})
                message = {"type": "websocket.http.response.body", "body": b""}
            await guarded(message)

        denies = "websocket.http.response" in scope.get("extensions", {})
        await self._app(scope, receive, denied if scope["type"] == "websocket" and denies else guarded)


def _guarded(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    own = [(name, value) for name, value in headers if name.lower().decode("latin-1") not in NOSNIFF]
    added = NOSNIFF if any(name.lower() == b"cache-control" for name, _ in own) else NOSNIFF | NO_STORE
    return own + [(name.encode(), value.encode()) for name, value in added.items()]
