"""A graph of two mutations and a query over one operation that refuses as it is told, with the hub's own handlers."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import strawberry
from starlette.applications import Starlette
from starlette.routing import Route

from models import errors
from models.database import Database
from models.errors import DomainError
from models.vocabulary import Source
from resolvers.caller import Caller
from resolvers.hub import Hub
from resolvers.loaders.loaders import Loaders
from resolvers.operation import OPERATIONS, operation
from resolvers.turns import Share
from resolvers.work import Work
from schema.door.admission import Admission
from schema.door.endpoint import GraphQLEndpoint
from schema.door.limits import Limits
from schema.kit.context import Context, Info
from schema.kit.errors import handlers
from schema.kit.mutation import mutation
from schema.kit.result import Result
from tests.door.toy import REFUSALS
from tests.harness.server import served

KINDS: dict[type[DomainError], DomainError] = {type(one): one for one in REFUSALS.values()}


@dataclass(frozen=True, kw_only=True)
class Refuse:
    """With which refusal."""

    kind: str


@strawberry.input
class RefuseInput:
    kind: str


@strawberry.type
class Done:
    kind: str


MEMBERS = (errors.NotFound, errors.Conflict, errors.InvalidInput, errors.Forbidden, errors.Stale, errors.NotReady,
           errors.TooMany, errors.UpstreamFailed)  # fmt: skip
RESULTS = {"whole": MEMBERS, "narrow": (errors.NotFound,), "alone": (errors.Conflict,)}


async def refuse(work: Work, how: Refuse) -> Any:
    raise next(one for kind, one in KINDS.items() if kind.__name__ == how.kind)


def refusing_schema(door: Any) -> strawberry.Schema:
    """Over the operation `door`."""

    def field(name: str) -> Any:
        result = Result(name.title(), Done, "Done, or why not.", besides=RESULTS[name])
        return mutation(door, result, "Refuses.", input=RefuseInput, reads=Refuse)

    async def ask(info: Info, kind: str) -> str | None:
        return await door(info.context.caller, Refuse(kind=kind))

    query = strawberry.type(type("Query", (), {"ask": strawberry.field(resolver=ask)}))
    namespace = {name: field(name) for name in RESULTS}
    return strawberry.Schema(query, strawberry.type(type("Mutation", (), namespace)), exception_handlers=handlers())


@contextmanager
def refusing(hub: Hub, database_url: str, organization_id: str) -> Iterator[str]:
    """Serves that graph; answers its address."""
    database = Database(database_url)
    door = operation()(refuse)
    own = Hub(**{**vars(hub), "database": database})
    caller = Caller(hub=own, source=Source.GRAPHQL, organization_id=organization_id, actor_name="test")

    async def authenticate(_request: Any, share: Share) -> Context:
        return Context(caller=caller, loaders=Loaders(caller, share))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await database.close()

    endpoint = GraphQLEndpoint(
        schema=refusing_schema(door),
        admission=Admission(Limits()),
        authenticate=authenticate,
        log=logging.getLogger("patchbay.test"),
    )
    try:
        with served(Starlette(routes=[Route("/graphql", endpoint)], lifespan=lifespan)) as running:
            yield running.url
    finally:
        OPERATIONS.pop("refuse")
