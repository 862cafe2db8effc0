"""The routes for uploads and pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from models.errors import DomainError
from models.vocabulary import Source
from resolvers.hub import Hub
from resolvers.uploads.links import AssetLink
from resolvers.uploads.mutations import FillUpload, fill_upload
from web.files.pictures import serve
from web.files.refusal import refused
from wire.acting import refuse_act_as
from wire.body import BodyLimits, read_body
from wire.caller import caller_of
from wire.credentials import refuse_credentials_in_query
from wire.refusal import BadRequest

Answer = Callable[[Hub, Request, BodyLimits], Awaitable[Response]]
_FOR_NOBODY: Final = "Nobody acts for a user at this address; leave the header out."
_PICTURE: Final = "/assets/{organization_id}/{asset_id}/{signature}"


def routes(hub: Hub, *, limits: BodyLimits) -> list[Route]:
    """The routes of this face. Of `limits` only the time is used: each upload declares its own size."""
    return [
        Route("/uploads/{id}", _endpoint(_put, hub, limits), methods=["PUT"]),
        Route(_PICTURE, _endpoint(_picture, hub, limits), methods=["GET"]),
    ]


def _endpoint(answer: Answer, hub: Hub, limits: BodyLimits) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            refuse_credentials_in_query(request.scope)
            return await answer(hub, request, limits)
        except (BadRequest, DomainError) as error:
            return refused(error)

    return respond


async def _put(hub: Hub, request: Request, limits: BodyLimits) -> Response:
    """Content type and file name are not read from headers: the type is found from the bytes."""
    caller = await caller_of(hub, request, Source.GRAPHQL)
    refuse_act_as(request, _FOR_NOBODY)

    async def receive(size: int) -> bytes:
        return await read_body(request, replace(limits, size=size))

    filled = await fill_upload(caller, FillUpload(id=request.path_params["id"], receive=receive))
    facts = {"id": filled.id, "contentType": filled.content_type, "size": filled.size, "sha256": filled.sha256}
    return JSONResponse(facts)


async def _picture(hub: Hub, request: Request, _limits: BodyLimits) -> Response:
    refuse_act_as(request, _FOR_NOBODY)
    return await serve(hub, AssetLink(**request.path_params), request.headers.get("if-none-match"))
