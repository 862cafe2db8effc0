"""Executes an admitted operation without parsing, validating or coercing it again."""

from __future__ import annotations

from inspect import isawaitable

import strawberry
from graphql import ExecutionResult, default_field_resolver, default_type_resolver
from graphql.execution.collect_fields import FragmentDetails
from strawberry.execution import optimized_is_awaitable

from schema.door.admission import Admitted


async def execute(schema: strawberry.Schema, admitted: Admitted, context: object) -> ExecutionResult:
    """The last part of `strawberry.Schema.execute`. Schema extensions are not run: this schema has none.

    Strawberry's execution class makes `Info` for resolvers; exception handlers are part of the resolvers.
    """
    fragments = admitted.checked.fragments
    executor = schema.execution_context_class(
        schema._schema,
        dict(fragments),
        {name: FragmentDetails(node) for name, node in fragments.items()},
        None,
        context,
        admitted.operation,
        admitted.variables,
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # a guard, annotated as bool
        hide_suggestions=True,
    )
    answer = executor.execute_operation()
    result = await answer if isawaitable(answer) else answer
    if not isinstance(result, ExecutionResult):
        raise TypeError("incremental delivery is not switched on in this schema")
    return result
