"""Fields of mutations: each runs one operation and answers a result union."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry

from models.errors import DomainError
from models.row import Row
from resolvers.operation import Exchange, Operation
from schema.kit.context import Info
from schema.kit.descriptions import needing
from schema.kit.ids import row_id
from schema.kit.places import as_asked
from schema.kit.result import Result
from schema.kit.translate import command, require_fields

AnyOperation = Operation[Any, Any] | Exchange[Any, Any, Any, Any]


def mutation(
    operation: AnyOperation,
    result: Result,
    description: str,
    *,
    input: type,
    reads: type | Callable[[Any], Any],
    shows: Callable[[Any], Any] | None = None,
) -> Any:
    """An operation with one input. `reads`: makes the command; may be its class. `shows`: picks the payload."""
    if isinstance(reads, type):
        require_fields(reads, input)
    read: Callable[[Any], Any] = (lambda given: command(reads, given)) if isinstance(reads, type) else reads

    async def run(info: Info, asked: Any) -> Any:
        answer = await act(info, operation, asked)
        return answer if shows is None else shows(answer)

    def resolve(root: Any, info: Info, input: Any) -> Any:
        return run(info, read(input))  # read at once: an input of many values is read in a thread

    resolve.__annotations__["input"] = input
    return answering(operation, result, resolve, description)


def mutation_by_id(operation: AnyOperation, result: Result, description: str) -> Any:
    """An operation on one row, named by its id."""

    async def resolve(root: Any, info: Info, id: strawberry.ID) -> Any:
        return await act(info, operation, row_id(id))

    return answering(operation, result, resolve, description)


def answering(
    operation: AnyOperation,
    result: Result,
    resolver: Callable[..., Any],
    description: str,
    *,
    metadata: dict[str, int] | None = None,
) -> Any:
    """An operation that the given resolver calls."""
    resolver.__annotations__.pop("return", None)
    return strawberry.field(
        resolver=resolver,
        graphql_type=result.of(operation.facts),
        description=needing(description, operation.facts),
        metadata=metadata,
    )


async def asked(info: Info, operation: AnyOperation, *given: Any, **named: Any) -> Any:
    """Run an operation. A refusal names places by the field's arguments."""
    try:
        return await operation(info.context.caller, *given, **named)
    except DomainError as refusal:
        raise as_asked(refusal, info) from refusal


async def act(info: Info, operation: AnyOperation, *given: Any, **named: Any) -> Any:
    """Run an operation that changes something; afterwards every row is read again, except the one that it returns."""
    loaders = info.context.loaders
    try:
        answer = await asked(info, operation, *given, **named)
    finally:
        loaders.clear()
    if isinstance(answer, Row):
        loaders.hold(answer)
    return answer
