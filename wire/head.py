"""Limits on the head of a request, before anything is routed: its address and its headers (RFC 9110 §15.5.15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_CALLBACK: Final = "/oauth2/callback"
_CLOSE: Final = {"connection": "close"}


@dataclass(frozen=True, kw_only=True)
class HeadLimits:
    """Bytes of the address, bytes of all header names and values, number of headers.

    A callback address may be longer: vendors choose its query, and a page tells the user if it is too long.
    """

    address: int = 16 * 1024
    callback_address: int = 128 * 1024
    headers: int = 32 * 1024
    header_count: int = 200


class LimitedHead:
    """ASGI middleware: 414 for an address that is too long (RFC 9110 §15.5.15), 431 for headers (RFC 6585 §5)."""

    def __init__(self, app: ASGIApp, limits: HeadLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refusal(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await refused(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        limits = self._limits
        most = limits.callback_address if scope["path"].endswith(_CALLBACK) else limits.address
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > most:
            return JSONResponse({"error": f"The address is longer than {most} bytes."}, 414, _CLOSE)
        headers = scope["headers"]
        if len(headers) > limits.header_count:
            return JSONResponse({"error": f"There are more than {limits.header_count} headers."}, 431, _CLOSE)
        # Authentication refuses an overlong token like any bad one.
        if sum(len(name) + len(value) for name, value in headers if name != b"authorization") > limits.headers:
            return JSONResponse({"error": f"The headers are larger than {limits.headers} bytes."}, 431, _CLOSE)
        return None
