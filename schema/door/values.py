"""Values of a request: how many GraphQL's types will coerce, counted before anything is coerced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from graphql import (
    GraphQLInputType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    get_nullable_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    type_from_ast,
)

from schema.door.limits import Limits
from schema.door.refusal import Code, refusal

#: Bytes of a JSON scalar that count as one value: a literal around a variable copies it.
_JSON_BYTES: Final = 256


def count_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any], limits: Limits
) -> dict[str, int]:
    """The number of values of each variable.

    Raises Refused, TOO_COSTLY, if they are more than `values` together, or a list has more than `members`.
    """
    counts: dict[str, int] = {}
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if name in given and not isinstance(given[name], dict | list):
            counts[name] = 1
        elif name in given:
            counts[name] = _count(name, given[name], type_from_ast(schema, definition.type), limits)
        elif definition.default_value is not None:
            counts[name] = count_literals([definition.default_value])[0]
        if (total := sum(counts.values())) > limits.values:
            raise refusal(
                Code.TOO_COSTLY,
                f"The variables have at least {total} values with ${name}; {limits.values} are allowed."
                " Members of lists and objects count, and the fields that an input type declares."
                " Send fewer, or send them in several requests.",
            )
    return counts


def _count(name: str, value: object, kind: Any, limits: Limits) -> int:
    """The values of a variable along its type; a scalar is one. Stops soon after `values`.

    An object counts its members and the fields that its type declares, since both are looked at.
    """
    count, pending = 1, [(value, kind)]
    while pending and count <= limits.values:
        item, declared = pending.pop()
        nullable = get_nullable_type(declared)
        if is_list_type(nullable):
            items = item if isinstance(item, list) else [item]  # GraphQL takes one member for a list of one
            count += len(items)
            inner = nullable.of_type
            if is_leaf_type(get_nullable_type(inner)):
                _require_few_members(name, len(items), limits)
            if count <= limits.values and not _is_plain(inner):
                pending.extend((one, inner) for one in items)
        elif is_input_object_type(nullable) and isinstance(item, dict):
            count += len(item) + len(nullable.fields)
            pending.extend(
                (item[member], field.type)
                for member, field in nullable.fields.items()
                if member in item and not _is_plain(field.type)
            )
        elif isinstance(item, dict | list):
            count += len(orjson.dumps(item)) // _JSON_BYTES
    return count


def _require_few_members(name: str, members: int, limits: Limits) -> None:
    if members > limits.members:
        raise refusal(
            Code.TOO_COSTLY,
            f"A list in ${name} has {members} members; {limits.members} are allowed. Send fewer.",
        )


def count_literals(nodes: Iterable[ValueNode]) -> tuple[int, Counter[str]]:
    """The values that are written in the document, and the number of times that each variable stands in them."""
    values, uses = 0, Counter[str]()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        values += 1
        match node:
            case ListValueNode(values=members):
                pending.extend(members)
            case ObjectValueNode(fields=fields):
                pending.extend(field.value for field in fields)
            case VariableNode(name=name):
                uses[name.value] += 1
    return values, uses


def count_taken(nodes: Iterable[ValueNode], counts: Mapping[str, int]) -> int:
    """The values that arguments take, those of their variables included."""
    values, uses = count_literals(nodes)
    return values + sum(times * counts.get(name, 0) for name, times in uses.items())


def _is_plain(kind: GraphQLInputType) -> bool:
    """Whether a value of this type is one value whatever it is: a scalar but for JSON, or a word of an enum."""
    nullable = get_nullable_type(kind)
    return is_leaf_type(nullable) and nullable.name != "JSON"
