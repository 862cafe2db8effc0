"""Sizes of pages, `first` and `last`: read and judged before a document is weighed against its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import FieldNode, GraphQLError, IntValueNode, ListValueNode, Node, VariableNode

from schema.door.limits import Limits
from schema.door.refusal import Code, Refused
from schema.door.weight import Sized, Weight

_IDS: Final = "ids"
_DIGITS: Final = 10  # the most digits of a GraphQL integer; Python refuses to read thousands


def read_sizes(node: FieldNode, names: tuple[str, ...], limits: Limits) -> tuple[int | Sized, ...]:
    """The sizes given by these arguments. Raises Refused, INVALID_INPUT, for a number out of range."""
    sizes: list[int | Sized] = []
    for argument in node.arguments or ():
        name = argument.name.value
        match argument.value if name in names else None:
            case IntValueNode(value=digits) as value:
                size = int(digits) if len(digits) <= _DIGITS else limits.largest_page + 1
                _require(name, size, limits, value)
                sizes.append(size)
            case ListValueNode(values=values):
                sizes.append(len(values))
            case VariableNode(name=variable):
                sizes.append(Sized(name, variable.value))
    return tuple(sizes)


def require_sizes(weight: Weight, variables: Mapping[str, Any], limits: Limits) -> None:
    """Raises Refused, INVALID_INPUT at the argument, if a variable makes a page too large or empty."""
    for size in weight.sized():
        value = variables.get(size.variable)
        if type(value) is int:  # coercion refuses other types
            _require(size.argument, value, limits)


def _require(argument: str, size: int, limits: Limits, node: Node | None = None) -> None:
    if argument == _IDS or 1 <= size <= limits.largest_page:
        return
    message = f"{argument}: It must be between 1 and {limits.largest_page}."
    extensions = {"code": Code.INVALID_INPUT, "inputPath": [argument]}
    raise Refused([GraphQLError(message, node, extensions=extensions)])
