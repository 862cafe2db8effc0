"""The route of the GraphQL face: one path."""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from models.vocabulary import Source
from resolvers.hub import Hub
from resolvers.loaders.loaders import Loaders
from resolvers.turns import Share
from schema.build import build_schema
from schema.door.admission import Admission
from schema.door.endpoint import GraphQLEndpoint
from schema.door.limits import Limits
from schema.kit.context import Context
from wire.acting import refuse_act_as
from wire.body import BodyLimits
from wire.caller import caller_of


def routes(hub: Hub, *, body: BodyLimits, page: Callable[[Request], Response] | None) -> list[Route]:
    """The routes of this face over a hub; `page` answers a browser that asks for HTML without a query."""

    async def context(request: Request, share: Share) -> Context:
        caller = await caller_of(hub, request, Source.GRAPHQL)
        refuse_act_as(request, "GraphQL names the user in the input, as actAs; leave the header out.")
        return Context(caller=caller, loaders=Loaders(caller, share))

    endpoint = GraphQLEndpoint(
        schema=build_schema(),
        admission=Admission(Limits()),
        authenticate=context,
        log=logging.getLogger("patchbay.graphql"),
        body=body,
        page=page,
    )
    return [Route("/graphql", endpoint)]
