"""A small graph of the tests' own: nested connections, a costly field, resolvers that fail in each way."""

from __future__ import annotations

import threading
from typing import Any, NewType

import strawberry
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from models.errors import (
    Conflict,
    Contended,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    NotReady,
    Oversized,
    SecretUnreadable,
    Stale,
    TokenRefused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UpstreamBlocked,
    UpstreamFailed,
    UpstreamTimeout,
    WrongMethod,
)
from models.vocabulary import HttpMethod, Permission, UnavailableReason
from schema.door.marks import mark_costs

DSN = "postgres://user:password@db/x"

REFUSALS: dict[str, DomainError] = {
    "conflict": Conflict("The slug is taken.", path=("input", "slug")),
    "forbidden": Forbidden(permission=Permission.FLOWS_WRITE),
    "invalid": InvalidInput.at(("input", "name"), "It is empty."),
    "oversized": Oversized.of(("input", "payload"), 11, 10),
    "missing": NotFound("flow"),
    "not_ready": NotReady("Connect it first.", reason=UnavailableReason.NO_CONNECTION),
    "stale": Stale(7, path=("input", "expectedVersion")),
    "too_large": TooLarge(10),
    "too_many": TooMany("Wait.", retry_after_seconds=3),
    "unauthenticated": Unauthenticated(),
    "unavailable": Unavailable("The database is away; try again."),
    "contended": Contended("Others changed the same rows."),
    "unreadable": SecretUnreadable(f"row 1 {DSN}"),
    "token_refused": TokenRefused("invalid_grant", "Gone.", external_status=400),
    "upstream": UpstreamFailed("It answered 500."),
    "upstream_blocked": UpstreamBlocked(),
    "upstream_timeout": UpstreamTimeout("It took too long."),
    "wrong_method": WrongMethod(HttpMethod.POST),
}


@strawberry.type
class PageInfo:
    has_next_page: bool = False


@strawberry.type
class ThingEdge:
    cursor: str
    node: Thing


@strawberry.type
class ThingConnection:
    nodes: list[Thing]
    edges: list[ThingEdge]
    page_info: PageInfo
    total_count: int = 0


def no_things(first: int | None = None, last: int | None = None) -> ThingConnection:
    return ThingConnection(nodes=[], edges=[], page_info=PageInfo())


@strawberry.type
class Thing:
    id: strawberry.ID
    name: str
    things: ThingConnection = strawberry.field(resolver=no_things)

    @strawberry.field
    def parent(self) -> Thing | None:
        return None

    @strawberry.field
    async def sibling(self) -> Thing | None:
        return Thing(id=strawberry.ID(f"{self.id}s"), name="sibling")

    @strawberry.field
    def known(self, names: list[str]) -> bool:
        return self.name in names

    @strawberry.field
    def broken(self) -> int:
        raise NotFound("thing")

    @strawberry.field
    async def torn(self) -> int:
        raise NotFound("thing")


#: The thread that coerces it, whatever is given.
Thread = NewType("Thread", str)


@strawberry.input
class Part:
    name: str
    amount: int = 1
    notes: list[str] | None = None
    facts: JSON | None = None
    coerced: Thread | None = None

    def __post_init__(self) -> None:
        self.threads = {self.coerced, threading.current_thread().name} - {None}


@strawberry.input
class Order:
    parts: list[Part]
    by: str | None = None


@strawberry.type
class Taken:
    message: str


class TakenHandler(strawberry.ExceptionHandler[Conflict, Taken]):
    def handle(self, exception: Conflict, *, field: Any, info: Info) -> Taken:
        return Taken(message=exception.message)


@strawberry.type
class Query:
    things: ThingConnection = strawberry.field(resolver=no_things)

    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"Hello, {name}!"

    @strawberry.field(metadata={"cost": 1_000})
    def plan(self, number: int = 0) -> int:
        return number

    @strawberry.field
    def thing(self) -> Thing:
        return Thing(id=strawberry.ID("1"), name="one")

    @strawberry.field
    def nodes(self, ids: list[strawberry.ID]) -> list[Thing]:
        return [Thing(id=each, name="") for each in ids]

    @strawberry.field
    def perhaps(self, ids: list[strawberry.ID]) -> list[Thing | None]:
        return [Thing(id=each, name="") for each in ids]

    @strawberry.field
    def parts(self, order: Order) -> JSON:
        return sorted(set[str]().union(*(part.threads for part in order.parts)))

    @strawberry.field
    def number(self, number: int) -> int:
        return number

    @strawberry.field
    def echo(self, value: JSON) -> JSON | None:
        return value

    @strawberry.field
    async def who(self, info: Info) -> str:
        return info.context["who"]

    @strawberry.field
    def refuse(self, how: str) -> int | None:
        raise REFUSALS[how]

    @strawberry.field
    def crash(self) -> int | None:
        raise RuntimeError(f"could not connect to {DSN}")

    @strawberry.field
    def wrong_type(self) -> int | None:
        return DSN  # type: ignore[return-value]

    @strawberry.field
    def null_in_non_null(self) -> int:
        return None  # type: ignore[return-value]

    @strawberry.field
    def unserialisable(self) -> JSON:
        return 2**70

    @strawberry.field
    def taken(self) -> Thing | Taken:
        raise Conflict("The slug is taken.")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def add(self, info: Info, number: int) -> int:
        if number < 0:
            raise InvalidInput.at("number", "It is negative.")
        info.context["added"].append(number)
        return number

    @strawberry.mutation
    def repeat(self, info: Info, text: str, times: int) -> str | None:
        info.context["added"].append(times)
        return text * times


def toy_schema() -> strawberry.Schema:
    thread = strawberry.scalar(name="Thread", parse_value=lambda _: threading.current_thread().name)
    config = StrawberryConfig(scalar_map={Thread: thread})
    schema = strawberry.Schema(Query, Mutation, config=config, exception_handlers=[TakenHandler()])
    mark_costs(schema._schema)
    return schema
