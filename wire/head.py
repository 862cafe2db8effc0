"""The head of a request, before anything is routed: its address and its headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from wire.path import check_path
from wire.refusal import BadRequest, Form, answer_to

_CALLBACK: Final = "/oauth2/callback"
#: Links of people, for whom a page says that such a link leads nowhere.
_LINKS: Final = "/connect/"


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
    """ASGI middleware: 414 for an address that is too long (RFC 9110 §15.5.15), 431 for headers (RFC 6585 §5).

    An ambiguous path is 400. `forms`: how faces refuse, by prefix.
    """

    def __init__(self, app: ASGIApp, limits: HeadLimits, forms: Mapping[str, Form]) -> None:
        self._app = app
        self._limits = limits
        self._forms = forms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                self._check(scope)
            except BadRequest as error:
                await answer_to(scope, error, self._forms)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        limits = self._limits
        most = limits.callback_address if scope["path"].endswith(_CALLBACK) else limits.address
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > most:
            raise BadRequest(414, f"The address is longer than {most} bytes.", close=True)
        if not scope["path"].removeprefix(scope.get("root_path", "")).startswith(_LINKS):
            check_path(scope)
        headers = scope["headers"]
        if len(headers) > limits.header_count:
            raise BadRequest(431, f"There are more than {limits.header_count} headers.", close=True)
        # Authentication refuses an overlong token like any bad one.
        if sum(len(name) + len(value) for name, value in headers if name != b"authorization") > limits.headers:
            raise BadRequest(431, f"The headers are larger than {limits.headers} bytes.", close=True)
