"""Executes an admitted operation, not parsing, validating or coercing it again, until its answer is too large."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import Any

import orjson
import strawberry
from graphql import ExecutionResult, OperationType, default_field_resolver, default_type_resolver
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import get_argument_values
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from proxy.body import JsonBody
from resolvers.turns import Share
from schema.door.admission import Admitted
from schema.door.converting import Conversion, Converter
from schema.door.limits import Limits
from schema.door.listed import Listed
from schema.door.refusal import Code, Refused, refusal

#: Quotes, colon and comma around the name of a field; a number, a boolean or null.
_AROUND_A_NAME = 4
_SHORT_VALUE = 5


async def execute(
    schema: strawberry.Schema,
    admitted: Admitted,
    context: object,
    *,
    limits: Limits,
    share: Share,
    converter: Converter,
) -> ExecutionResult:
    """The last part of `strawberry.Schema.execute`. Schema extensions are not run: this schema has none.

    Strawberry's execution class makes `Info` for resolvers; exception handlers are part of the resolvers.
    Raises Refused, TOO_COSTLY, as soon as the answer has more bytes or values than allowed.
    """
    executor = _executor(schema, admitted, context)
    executor.bytes_left, executor.values_left = limits.answer_bytes, limits.answer_values
    executor.share, executor.conversion = share, Conversion(admitted.counts, converter)
    try:
        answer = executor.execute_operation()
        result = await answer if isawaitable(answer) else answer
    except _TooLarge:
        raise too_large(admitted, limits) from None
    except _TooMany:
        raise _too_many(admitted, limits) from None
    if not isinstance(result, ExecutionResult):
        raise TypeError("incremental delivery is not switched on in this schema")
    return result


def _executor(schema: strawberry.Schema, admitted: Admitted, context: object) -> _Measured:
    fragments = admitted.checked.fragments
    return _Measured(
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


def too_large(admitted: Admitted, limits: Limits) -> Refused:
    """The refusal of an answer that is larger than allowed. Mutations that came before it are made."""
    message = (
        f"The answer is larger than {limits.answer_bytes} bytes. Ask for smaller pages, or for fewer long fields."
    )
    return _cut(admitted, message)


def _too_many(admitted: Admitted, limits: Limits) -> Refused:
    most = limits.answer_values
    return _cut(
        admitted,
        f"The answer has more than {most} fields and members of lists. Ask for smaller pages, or for fewer fields.",
    )


def _cut(admitted: Admitted, message: str) -> Refused:
    if admitted.operation.operation is OperationType.MUTATION:
        message += " Mutations of the document may have been made; read before you send it again."
    return refusal(Code.TOO_COSTLY, message, cost=admitted.cost)


class _Exceeded(Exception):
    """Ends the execution of a whole operation; no field is null for it."""


class _TooLarge(_Exceeded):
    """The answer has too many bytes."""


class _TooMany(_Exceeded):
    """The answer has too many values."""


class _Measured(StrawberryGraphQLCoreExecutionContext):
    """Counts the bytes and values of an answer while it completes them, in turns of the event loop."""

    bytes_left: int
    values_left: int
    share: Share
    conversion: Conversion

    def execute_fields(
        self, parent_type: Any, source_value: Any, path: Any, grouped_field_set: Any, position_context: Any
    ) -> Any:
        """Count the fields of an object and their names. They wait for a later turn if this one is over."""
        fields = len(grouped_field_set)
        self._count(sum(map(len, grouped_field_set)) + _AROUND_A_NAME * fields, values=fields)
        if path is not None and self.share.over():
            execute = super().execute_fields
            return self._later(execute, parent_type, source_value, path, grouped_field_set, position_context)
        return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)

    def execute_field(
        self, parent_type: Any, source: Any, field_details_list: Any, path: Any, position_context: Any
    ) -> Any:
        """Convert many arguments aside. A field with a selection waits for a later turn if this one is over."""
        node = field_details_list[0].node
        if self.conversion.many and self.conversion.takes_long(node):
            return self._aside(parent_type, source, field_details_list, path, position_context)
        if node.selection_set and self.share.over():
            execute = super().execute_field
            return self._later(execute, parent_type, source, field_details_list, path, position_context)
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def complete_iterable_value(
        self, item_type: Any, field_details_list: Any, info: Any, path: Any, items: Any, position_context: Any
    ) -> Any:
        """Complete a list as far as this turn goes, and the rest in later ones. Nothing is streamed here."""

        def complete(index: int, item: Any, completed: list[Any]) -> bool:
            self._count(0, values=1)
            place = path.add_key(index, None)
            return self.complete_list_item_value(
                item, completed, item_type, field_details_list, info, place, position_context
            )

        listed = Listed(enumerate(items), complete, self.share, self.settle_in_background)
        if not listed.go_on():
            return listed.rest()
        return listed.result() if listed.awaited else listed.completed

    def complete_leaf_value(self, return_type: Any, result: Any) -> Any:  # type: ignore[override]  # static there
        """Count the bytes of a scalar or a word."""
        value = super().complete_leaf_value(return_type, result)
        self._count(_size(value), values=0)
        return value

    def handle_field_error(self, raw_error: Exception, *place: Any) -> None:
        """Let the end of the execution pass through fields that may be null."""
        if isinstance(raw_error, _Exceeded):
            raise raw_error
        super().handle_field_error(raw_error, *place)

    def _count(self, size: int, *, values: int) -> None:
        self.bytes_left -= size
        self.values_left -= values
        if self.bytes_left < 0:
            raise _TooLarge
        if self.values_left < 0:
            raise _TooMany

    async def _later(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        await self.share.next()
        result = execute(*arguments)
        return await result if self.is_awaitable(result) else result

    def _aside(self, parent_type: Any, source: Any, field_details_list: Any, path: Any, position_context: Any) -> Any:
        """Execute a field, but coerce and convert its arguments in a thread, and call its resolver there."""
        details = field_details_list[0]
        field = self.schema.get_field(parent_type, details.node.name.value)
        resolver = field.resolve if field else None
        if field is None or resolver is None:
            return super().execute_field(parent_type, source, field_details_list, path, position_context)
        nodes = [each.node for each in field_details_list]
        info = self.build_resolve_info(field, nodes, parent_type, path)

        def resolve() -> Any:
            fragment = details.fragment_variable_values
            given = get_argument_values(field, details.node, self.variable_values, fragment, self.hide_suggestions)
            return resolver(source, info, **given)

        async def resolved() -> Any:
            result = await self.conversion.run(details.node, resolve)
            return await result if self.is_awaitable(result) else result

        return self.complete_awaitable_value(field.type, field_details_list, info, path, resolved(), position_context)


def _size(value: Any) -> int:
    """Bytes of a value as JSON, without escapes."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode(errors="replace"))
    if isinstance(value, JsonBody):
        return len(value.raw)
    return len(orjson.dumps(value, default=repr)) if isinstance(value, dict | list) else _SHORT_VALUE
