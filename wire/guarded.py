"""Headers of every answer of every face, also of refusals: browsers do not guess its type, caches do not keep it."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOSNIFF: Final = {"x-content-type-options": "nosniff"}
NO_STORE: Final = {"cache-control": "no-store"}


class GuardedAnswers:
    """ASGI middleware: nosniff on every answer (https://fetch.spec.whatwg.org/#x-content-type-options-header), and
    no-store (RFC 9111 §5.2.2.5) on each that names no Cache-Control of its own, because it may hold a secret."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _guarded(message.get("headers", ()))
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


def _guarded(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    own = [(name, value) for name, value in headers if name.lower().decode("latin-1") not in NOSNIFF]
    added = NOSNIFF if any(name.lower() == b"cache-control" for name, _ in own) else NOSNIFF | NO_STORE
    return own + [(name.encode(), value.encode()) for name, value in added.items()]
