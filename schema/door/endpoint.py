"""GraphQL over HTTP: one request in, one answer out (https://graphql.github.io/graphql-over-http/draft/)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models.errors import (
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UpstreamFailed,
)
from proxy.body import json_of
from resolvers.turns import Share, Turns
from schema.door.admission import Admission, Admitted, Method
from schema.door.execution import execute, too_large
from schema.door.limits import Cost
from schema.door.masking import present
from schema.door.negotiation import GRAPHQL, JSON, answer_type, prefers_page
from schema.door.refusal import Code, Refused
from schema.door.request import Parameters, parameters_of_address, parameters_of_body
from wire.body import BodyLimits, read_json
from wire.credentials import refuse_credentials_in_query
from wire.refusal import BadRequest

_STATUS: dict[type[DomainError], int] = {
    Forbidden: 403,
    InvalidInput: 400,
    NotFound: 404,
    TooMany: 429,
    Unauthenticated: 401,
    Unavailable: 503,
    UpstreamFailed: 502,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphQLEndpoint:
    """An ASGI application for one path; every answer but the page is JSON with `errors` or `data`.

    `authenticate` makes the context of a request or raises a refusal, such as Unauthenticated, which becomes 401. It
    runs before the body is read. `page` answers a browser that asks for HTML without a query.
    """

    schema: strawberry.Schema
    admission: Admission
    authenticate: Callable[[Request, Share], Awaitable[object]]
    log: logging.Logger
    body: BodyLimits = field(default_factory=BodyLimits)
    page: Callable[[Request], Response] | None = None
    turns: Turns = field(default_factory=Turns)

    def __post_init__(self) -> None:
        if self.schema.extensions or self.schema.directives:
            raise ValueError("schema extensions and operation directives would not be run here")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        media = JSON
        try:
            refuse_credentials_in_query(request.scope)
            method = _method(request)
            accept = ",".join(request.headers.getlist("accept"))
            if self.page and method is Method.GET and "query" not in request.query_params and prefers_page(accept):
                return self.page(request)
            media = answer_type(accept)
            return await self._answer(request, method, media)
        except BadRequest as error:
            return _refuse(error.status, media, error.message, close=error.close)
        except TooLarge as error:
            return _refuse(413, media, error.message, close=True)
        except DomainError as error:
            return self._refuse_domain(error, media)
        except Refused as error:
            return self._refuse_document(error, media)

    async def _answer(self, request: Request, method: Method, media: str) -> Response:
        share = self.turns.share()
        context = await self.authenticate(request, share)
        asked = await self._parameters(request, method)
        admitted = await self._admit(asked, method)
        limits = self.admission.limits
        result = await execute(
            self.schema, admitted, context, limits=limits, share=share, converter=self.admission.converter
        )
        errors = [error async for error in self._presented(result.errors or (), share)]
        try:
            answer = _json(200, media, _body(errors, admitted.cost, data=result.data))
        except orjson.JSONEncodeError as cause:
            error = GraphQLError("The answer is not JSON.", path=[], original_error=cause)
            return _json(500, media, _body([present(error, self.log)], admitted.cost))
        if len(answer.body) > limits.answer_bytes:  # escapes and errors are not counted before
            raise too_large(admitted, limits)
        return answer

    async def _admit(self, asked: Parameters, method: Method) -> Admitted:
        schema = self.schema._schema
        weighed = self.admission.weigh(schema, asked.query, asked.variables, asked.operation_name, method=method)
        return await self.admission.converter.run(weighed.values, self.admission.coerce, schema, weighed)

    async def _presented(self, errors: Sequence[GraphQLError], share: Share) -> AsyncIterator[dict[str, Any]]:
        for error in errors:
            if share.over():
                await share.next()
            yield present(error, self.log)

    async def _parameters(self, request: Request, method: Method) -> Parameters:
        if method is Method.GET:
            return parameters_of_address(request.query_params, self.body)
        return parameters_of_body(await read_json(request, self.body))

    def _refuse_document(self, refused: Refused, media: str) -> Response:
        """The answer to a refused document. As `application/json` it is 200 if well formed: clients expect that."""
        body = _body([present(error, self.log) for error in refused.errors], refused.cost)
        if refused.wrong_method:
            return _json(405, media, body, {"allow": "POST"})
        return _json(400 if media == GRAPHQL else 200, media, body)

    def _refuse_domain(self, error: DomainError, media: str) -> Response:
        """The answer to a refusal of the whole request by `authenticate`."""
        status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)
        headers = {"www-authenticate": "Bearer"} if status == 401 else {}
        if isinstance(error, TooMany) and error.retry_after_seconds is not None:
            headers["retry-after"] = str(error.retry_after_seconds)
        body = _body([present(GraphQLError(error.message, original_error=error), self.log)], None)
        return _json(status, media, body, headers)


def _method(request: Request) -> Method:
    match request.method:
        case "GET":
            return Method.GET
        case "POST":
            return Method.POST
    raise BadRequest(405, "Use POST, or GET for queries.")


def _refuse(status: int, media: str, message: str, *, close: bool) -> Response:
    error = {"message": message, "extensions": {"code": Code.BAD_REQUEST}}
    headers = {"connection": "close"} if close else {}
    if status == 405:
        headers["allow"] = "GET, POST"
    return _json(status, media, {"errors": [error]}, headers)


def _body(errors: Sequence[Mapping[str, Any]], cost: Cost | None, **data: object) -> dict[str, Any]:
    """The answer with `errors` first, as the specification recommends (§7.1)."""
    body: dict[str, Any] = {"errors": errors} if errors else {}
    return body | data | ({"extensions": {"cost": cost.shown()}} if cost else {})


def _json(status: int, media: str, body: object, headers: Mapping[str, str] | None = None) -> Response:
    kind = f"{media}; charset=utf-8"
    return Response(json_of(body), status, {"content-type": kind, **(headers or {})})
