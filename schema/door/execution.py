"""Executes an admitted operation without parsing, validating or coercing it again, until its answer is too large."""

from __future__ import annotations

from inspect import isawaitable
from typing import Any

import orjson
import strawberry
from graphql import ExecutionResult, OperationType, default_field_resolver, default_type_resolver
from graphql.execution.collect_fields import FragmentDetails
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.door.admission import Admitted
from schema.door.refusal import Code, Refused, refusal

#: Quotes, colon and comma around the name of a field; a number, a boolean or null.
_AROUND_A_NAME = 4
_SHORT_VALUE = 5


async def execute(
    schema: strawberry.Schema, admitted: Admitted, context: object, *, answer_bytes: int
) -> ExecutionResult:
    """The last part of `strawberry.Schema.execute`. Schema extensions are not run: this schema has none.

    Strawberry's execution class makes `Info` for resolvers; exception handlers are part of the resolvers.
    Raises Refused, TOO_COSTLY, as soon as the names and values of the answer take more than `answer_bytes`.
    """
    fragments = admitted.checked.fragments
    executor = _Measured(
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
        is_awaitable=optimized_is_awaitable,  # a guard, annotated as bool
        hide_suggestions=True,
    )
    executor.left = answer_bytes
    try:
        answer = executor.execute_operation()
        result = await answer if isawaitable(answer) else answer
    except _TooLarge:
        raise too_large(admitted, answer_bytes) from None
    if not isinstance(result, ExecutionResult):
        raise TypeError("incremental delivery is not switched on in this schema")
    return result


def too_large(admitted: Admitted, answer_bytes: int) -> Refused:
    """The refusal of an answer that is larger than allowed. Mutations that came before it are made."""
    message = f"The answer is larger than {answer_bytes} bytes. Ask for smaller pages, or for fewer long fields."
    if admitted.operation.operation is OperationType.MUTATION:
        message += " Mutations of the document may have been made; read before you send it again."
    return refusal(Code.TOO_COSTLY, message, cost=admitted.cost)


class _TooLarge(Exception):
    """Ends the execution of a whole operation; no field is null for it."""


class _Measured(StrawberryGraphQLCoreExecutionContext):
    """Counts the bytes of an answer while its values are completed, before anything is serialised."""

    left: int

    def execute_fields(
        self, parent_type: Any, source_value: Any, path: Any, grouped_field_set: Any, position_context: Any
    ) -> Any:
        """Count the names of the fields of an object."""
        self._count(sum(map(len, grouped_field_set)) + _AROUND_A_NAME * len(grouped_field_set))
        return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)

    def complete_leaf_value(self, return_type: Any, result: Any) -> Any:  # type: ignore[override]  # static there
        """Count a scalar or a word."""
        value = super().complete_leaf_value(return_type, result)
        self._count(_size(value))
        return value

    def handle_field_error(self, raw_error: Exception, *place: Any) -> None:
        """Let the end of the execution pass through fields that may be null."""
        if isinstance(raw_error, _TooLarge):
            raise raw_error
        super().handle_field_error(raw_error, *place)

    def _count(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _TooLarge


def _size(value: Any) -> int:
    """Bytes of a value as JSON, without escapes."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode(errors="replace"))
    return len(orjson.dumps(value, default=repr)) if isinstance(value, dict | list) else _SHORT_VALUE
