"""Where the GraphQL face is found: one path, and its page for people."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from strawberry.http.ides import get_graphql_ide_html

from models.vocabulary import Source
from resolvers.authenticate import authenticate, bearer
from resolvers.caller import Hub
from resolvers.loaders.loaders import Loaders
from schema.admission import Admission
from schema.build import build_schema
from schema.context import Context
from schema.endpoint import GraphQLEndpoint
from schema.limits import Limits
from wire.body import BodyLimits


def routes(hub: Hub, *, body: BodyLimits, graphiql: bool) -> list[Route]:
    """The routes of this face over a hub."""

    async def context(request: Request) -> Context:
        text = bearer(request.headers.get("authorization"))
        caller = await authenticate(hub, text, source=Source.GRAPHQL)
        return Context(caller=caller, loaders=Loaders(caller))

    endpoint = GraphQLEndpoint(
        schema=build_schema(),
        admission=Admission(Limits()),
        authenticate=context,
        log=logging.getLogger("patchbay.graphql"),
        body=body,
        page=_page if graphiql else None,
    )
    return [Route("/graphql", endpoint)]


def _page(_request: Request) -> Response:
    return HTMLResponse(get_graphql_ide_html(graphql_ide="graphiql"))
