"""The run loop of every dialect: authenticate, read, run the operation, write; or refuse."""

from __future__ import annotations

import logging
from asyncio import to_thread
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from models.errors import DomainError, NotFound
from models.row import new_id
from resolvers.caller import Caller
from resolvers.hub import Hub
from resolvers.operation import Exchange, Operation
from resolvers.unset import Unset
from rest.kit.acting import PLACES, for_user
from rest.kit.answer import answer_of, refusal_answer
from rest.kit.arrival import check_text, is_long, read_request
from rest.kit.asked import Asked
from rest.kit.dialect import AnyEndpoint, Dialect, Takes
from rest.kit.places import renamed
from rest.kit.refusal import Refusal, refusal_of
from wire.body import BodyLimits, read_json
from wire.browser import BrowserCookie
from wire.caller import Bearer, bearer_of
from wire.credentials import refuse_credentials_in_query
from wire.form import read_form
from wire.refusal import BadRequest


def mount(dialect: Dialect, hub: Hub, limits: BodyLimits, log: logging.Logger) -> Mount:
    """A dialect below its prefix. Unknown paths and methods are refused in the dialect's form too."""
    tables: dict[str, dict[str, AnyEndpoint]] = defaultdict(dict)
    for endpoint in dialect.endpoints:
        if endpoint.method in tables[endpoint.path]:
            raise ValueError(f"{dialect.name} has {endpoint.method} {endpoint.path} twice.")
        tables[endpoint.path][endpoint.method] = endpoint
    routes = [
        Route(path, Face(dialect=dialect, endpoints=table, hub=hub, limits=limits, log=log))
        for path, table in tables.items()
    ]
    nothing = Face(dialect=dialect, endpoints={}, hub=hub, limits=limits, log=log)
    return Mount(dialect.prefix, Router(routes, redirect_slashes=False, default=nothing), name=dialect.name)


def refused(dialect: Dialect, error: BadRequest) -> Response:
    """The dialect's answer to a request that is wrong as HTTP."""
    headers = {"connection": "close"} if error.close else {}
    return _refusal(dialect, Refusal(status=error.status, message=error.message, headers=headers))


@dataclass(frozen=True, kw_only=True, slots=True)
class Face:
    """An ASGI application for one path of a dialect, by method. Without endpoints it refuses every path."""

    dialect: Dialect
    endpoints: Mapping[str, AnyEndpoint]
    hub: Hub
    limits: BodyLimits
    log: logging.Logger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        request_id = new_id(self.hub.clock())
        try:
            refuse_credentials_in_query(request.scope)
            endpoint = self.endpoints.get("GET" if request.method == "HEAD" else request.method)
            if endpoint is None:
                return self._refuse(self._absent(request.method))
            return await self._run(endpoint, request, request_id)
        except BadRequest as error:
            return refused(self.dialect, error)
        except DomainError as error:
            refusal = refusal_of(error, self.dialect.statuses, self._methods)
            return self._refuse(refusal) if refusal else self._mask(request, request_id, error)
        except Exception as error:  # noqa: BLE001  the run loop: whatever happens is answered in the dialect's words
            return self._mask(request, request_id, error)

    async def _run(self, endpoint: AnyEndpoint, request: Request, request_id: str) -> Response:
        started = perf_counter()
        bearer = await bearer_of(self.hub, request, self.dialect.source, request_id=request_id)
        caller = None if endpoint.where else await bearer.named()
        limits = await self._limits(endpoint, bearer)
        asked = await read_request(request, self._reader(endpoint, request, limits), base=self._base(request))
        if endpoint.takes is Takes.JSON and not isinstance(asked.body, Unset):
            await to_thread(check_text, asked.body) if is_long(asked.body) else check_text(asked.body)
        caller = caller or await self._placed(endpoint, bearer, asked)
        asked = replace(asked, speaker=caller)
        cookie = BrowserCookie(self.hub.own_url)
        if endpoint.binds:
            asked = replace(asked, browser=cookie.secret_of(request))
        read = await to_thread(endpoint.read, asked) if is_long(asked.body) else endpoint.read(asked)
        try:
            result = await self._operate(endpoint, caller, for_user(request, read))
        except NotFound:
            if endpoint.absent is None:
                raise
            return answer_of(endpoint, endpoint.absent, asked)
        answered = replace(asked, elapsed_ms=(perf_counter() - started) * 1000)
        response = answer_of(endpoint, endpoint.write(result, answered), asked)
        if endpoint.binds:
            cookie.give(response, asked.browser)
        return response

    async def _placed(self, endpoint: AnyEndpoint, bearer: Bearer, asked: Asked) -> Caller:
        """The caller in the organization that the call names."""
        named = endpoint.where(asked) if endpoint.where else None
        try:
            return await (bearer.named() if named is None else bearer.at(named))
        except DomainError as refusal:
            raise self._in_its_words(refusal) from refusal

    async def _operate(self, endpoint: AnyEndpoint, caller: Caller, arguments: tuple[Any, ...]) -> Any:
        try:
            return await endpoint.operation(caller, *arguments)
        except DomainError as refusal:
            raise self._in_its_words(refusal) from refusal

    def _in_its_words(self, refusal: DomainError) -> DomainError:
        """A refusal with places in the dialect's words."""
        places = {**PLACES, **self.dialect.places}
        return refusal.renamed(lambda path: renamed(path, places))

    def _base(self, request: Request) -> str:
        """The hub's public address if it is configured, else the one that the client has called."""
        public = self.hub.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
        mount: str = self.dialect.prefix if self.hub.public_url else request.scope.get("root_path", "")
        return f"{public}{mount}"

    async def _limits(self, endpoint: AnyEndpoint, bearer: Bearer) -> BodyLimits:
        """The hub's limits. The endpoint's own size is for those who may call it in their token's organization.

        So no token makes the hub read a long body in vain. Another organization may be named by the X-Hub-Id header.
        """
        if endpoint.most_bytes is None:
            return self.limits
        if isinstance(endpoint.operation, Operation | Exchange):
            try:
                endpoint.operation.facts.admit(await bearer.named())
            except DomainError:  # the operation refuses the call in its turn
                return self.limits
        return replace(self.limits, size=endpoint.most_bytes)

    def _reader(
        self, endpoint: AnyEndpoint, request: Request, limits: BodyLimits
    ) -> Callable[[], Awaitable[object]] | None:
        if endpoint.method == "GET":
            return None
        read: Callable[[Request, BodyLimits], Awaitable[object]]
        read = read_form if endpoint.takes is Takes.FORM else read_json
        return lambda: read(request, limits)

    @property
    def _methods(self) -> frozenset[str]:
        return frozenset(self.endpoints) | ({"HEAD"} if "GET" in self.endpoints else set())

    def _absent(self, method: str) -> Refusal:
        if not self.endpoints:
            return Refusal(status=404, message="There is nothing at this address; check the path.")
        allow = ", ".join(sorted(self._methods))
        return Refusal(status=405, message=f"Call this with {allow}.", headers={"allow": allow})

    def _mask(self, request: Request, request_id: str, error: Exception) -> Response:
        self.log.error("%s %s failed, id %s", request.method, self.dialect.name, request_id, exc_info=error)
        return self._refuse(Refusal(status=500, message=f"Internal error, id {request_id}"))

    def _refuse(self, refusal: Refusal) -> Response:
        return _refusal(self.dialect, refusal)


def _refusal(dialect: Dialect, refusal: Refusal) -> Response:
    return refusal_answer(dialect.refuse(refusal), refusal)
