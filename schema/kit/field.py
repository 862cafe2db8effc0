"""The kinds of fields: a column, a pure function of a row, an edge; at the roots an operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry

from resolvers.loaders.edge import Edge, Relation
from resolvers.operation import Operation
from resolvers.page import Order
from schema.kit.context import Info
from schema.kit.descriptions import needing
from schema.kit.page import Page, PageArguments, asks_for, binding_of, optional, paged
from schema.kit.translate import command


def column(description: str) -> Any:
    """The row's column of the same name."""
    return strawberry.field(description=description)


def given(description: str) -> Any:
    """A member of an input that may be absent."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def derived(function: Callable[[Any], Any], description: str) -> Any:
    """A pure function of the row."""

    def resolve(root: Any) -> Any:
        return function(root)

    return _field(resolve, description)


def viewed(function: Callable[[Any, Any], Any], description: str) -> Any:
    """A pure function of the row and the caller."""

    def resolve(root: Any, info: Info) -> Any:
        return function(root, info.context.caller)

    return _field(resolve, description)


def to_one(edge: Edge, description: str) -> Any:
    """The one row at the other end of an edge."""

    async def resolve(root: Any, info: Info) -> Any:
        return await info.context.loaders.one(edge, getattr(root, edge.local))

    return _field(resolve, needing(description, edge.needs))


def related(
    relation: Relation,
    key: Callable[[Any], Any],
    description: str,
    *,
    shows: Callable[[Any, Any], Any] = lambda row, value: value,
    most: int | None = None,
) -> Any:
    """A field with the value of a batch relation, or with a pure function `shows` of the row and that value.

    `most`: of a list, its greatest length by rule, used for weighing a request.
    """

    async def resolve(root: Any, info: Info) -> Any:
        return shows(root, await info.context.loaders.value(relation, key(root)))

    resolve.__annotations__.pop("return", None)
    metadata = {} if most is None else {"rows": most}
    return strawberry.field(resolver=resolve, description=needing(description, relation.needs), metadata=metadata)


def to_list(edge: Edge, description: str, *, most: int) -> Any:
    """Every row at the other end of an edge. `most`: their greatest number by rule, used for weighing a request."""

    async def resolve(root: Any, info: Info) -> Any:
        return await info.context.loaders.all(edge, getattr(root, edge.local))

    resolve.__annotations__.pop("return", None)
    return strawberry.field(resolver=resolve, description=needing(description, edge.needs), metadata={"rows": most})


def to_many(edge: Edge, description: str, *, filter: tuple[type, type] | None = None) -> Any:
    """A page of the rows at the other end of an edge. `filter` is (input type, filter)."""

    async def load(root: Any, info: Info, arguments: PageArguments, narrowed: Any) -> Page:
        key = getattr(root, edge.local)
        binding = binding_of(info, narrowed, key)
        loaders = info.context.loaders
        found = await loaders.page(edge, key, arguments.request(info, binding), narrowed)
        return Page(slice=found, order=edge.order, binding=binding, count=lambda: loaders.count(edge, key, narrowed))

    return _page_field(load, needing(description, edge.needs), filter)


def reading(
    operation: Operation[Any, Any],
    resolver: Callable[..., Any],
    description: str,
    *,
    metadata: dict[str, int] | None = None,
) -> Any:
    """The answer of a reading operation, which the given resolver calls. `metadata`: a price of its own."""
    return _field(resolver, needing(description, operation.facts), metadata)


def listing(
    operation: Operation[Any, Any], description: str, *, order: Order, filter: tuple[type, type] | None = None
) -> Any:
    """A page of a root list, read by an operation in an order."""

    async def load(root: Any, info: Info, arguments: PageArguments, narrowed: Any) -> Page:
        return await listed(info, operation, arguments, order, narrowed or filter[1]() if filter else None)

    return _page_field(load, needing(description, operation.facts), filter)


async def listed(
    info: Info, operation: Operation[Any, Any], arguments: PageArguments, order: Order, narrowed: Any = None
) -> Page:
    """A page of the rows that an operation lists in an order, narrowed by a filter if it takes one."""
    binding = binding_of(info, narrowed)
    request = arguments.request(info, binding, count=asks_for(info, "totalCount"))
    given = {} if narrowed is None else {"filter": narrowed}
    return Page(slice=await operation(info.context.caller, page=request, **given), order=order, binding=binding)


def _field(resolver: Callable[..., Any], description: str, metadata: dict[str, int] | None = None) -> Any:
    resolver.__annotations__.pop("return", None)
    return strawberry.field(resolver=resolver, description=description, metadata=metadata)


def _page_field(load: Callable[..., Awaitable[Page]], description: str, filter: tuple[type, type] | None) -> Any:
    """A page loaded by `load(root, info, arguments, narrowed)`, with an argument `filter` if there is one."""

    async def plain(root: Any, info: Info, arguments: PageArguments) -> Page:
        return await load(root, info, arguments, None)

    async def filtered(root: Any, info: Info, arguments: PageArguments, filter: Any = strawberry.UNSET) -> Page:
        return await load(root, info, arguments, None if optional(filter) is None else command(kind, filter))

    if filter is None:
        return strawberry.field(resolver=paged(plain), description=description)
    input_type, kind = filter
    filtered.__annotations__["filter"] = input_type | None
    return strawberry.field(resolver=paged(filtered), description=description)
