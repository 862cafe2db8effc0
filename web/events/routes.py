"""The routes of the catalogue of events. They take a bearer token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from models.errors import DomainError
from models.vocabulary import Source
from resolvers.events.catalogue import EventCatalogue, read_event_catalogue
from resolvers.hub import Hub
from web.events.documents import asyncapi_document, catalogue_document
from web.files.refusal import refused
from wire.acting import refuse_act_as
from wire.caller import caller_of
from wire.credentials import refuse_credentials_in_query
from wire.refusal import BadRequest

Write = Callable[[EventCatalogue], dict[str, Any]]
_FOR_NOBODY: Final = "Nobody acts for a user at this address; leave the header out."


def routes(hub: Hub) -> list[Route]:
    """The routes of this face."""

    def asyncapi(catalogue: EventCatalogue) -> dict[str, Any]:
        return asyncapi_document(catalogue, hub.own_url)

    return [
        Route("/events/catalogue.json", _endpoint(hub, catalogue_document), methods=["GET"]),
        Route("/events/asyncapi.json", _endpoint(hub, asyncapi), methods=["GET"]),
    ]


def _endpoint(hub: Hub, write: Write) -> Callable[[Request], Any]:
    async def respond(request: Request) -> Response:
        try:
            refuse_credentials_in_query(request.scope)
            caller = await caller_of(hub, request, Source.GRAPHQL)
            refuse_act_as(request, _FOR_NOBODY)
            return JSONResponse(write(await read_event_catalogue(caller)), headers={"cache-control": "no-store"})
        except (BadRequest, DomainError) as error:
            return refused(error)

    return respond
