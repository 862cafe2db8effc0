"""Signatures of functions: JMESPath's (jmespath.org/specification.html, Built-in Functions), and the hub's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from proxy.expressions.budget import Meter, Misfit
from proxy.expressions.values import type_of


@dataclass(frozen=True, slots=True)
class Signature:
    """`parameters`: the types that each allows, without any for every value.

    `variadic`: the last may repeat. `optional`: so many of the last may be left out.
    """

    parameters: tuple[tuple[str, ...], ...]
    variadic: bool = False
    optional: int = 0


_ANY: Final = ()
_ARRAY: Final = ("array",)
_ARRAY_OR_TEXT: Final = ("array", "string")
_COMPARABLES: Final = ("array[number]", "array[string]")
_DECIMAL: Final = ("number", "string")
_EXPRESSION: Final = ("expref",)
_NUMBER: Final = ("number",)
_NUMBERS: Final = ("array[number]",)
_OBJECT: Final = ("object",)
_TEXT: Final = ("string",)

STANDARD: Final = {
    "abs": Signature((_NUMBER,)),
    "avg": Signature((_NUMBERS,)),
    "ceil": Signature((_NUMBER,)),
    "contains": Signature((_ARRAY_OR_TEXT, _ANY)),
    "ends_with": Signature((_TEXT, _TEXT)),
    "floor": Signature((_NUMBER,)),
    "join": Signature((_TEXT, ("array[string]",))),
    "keys": Signature((_OBJECT,)),
    "length": Signature((("array", "object", "string"),)),
    "map": Signature((_EXPRESSION, _ARRAY)),
    "max": Signature((_COMPARABLES,)),
    "max_by": Signature((_ARRAY, _EXPRESSION)),
    "merge": Signature((_OBJECT,), variadic=True),
    "min": Signature((_COMPARABLES,)),
    "min_by": Signature((_ARRAY, _EXPRESSION)),
    "not_null": Signature((_ANY,), variadic=True),
    "reverse": Signature((_ARRAY_OR_TEXT,)),
    "sort": Signature((_COMPARABLES,)),
    "sort_by": Signature((_ARRAY, _EXPRESSION)),
    "starts_with": Signature((_TEXT, _TEXT)),
    "sum": Signature((_NUMBERS,)),
    "to_array": Signature((_ANY,)),
    "to_number": Signature((_ANY,)),
    "to_string": Signature((_ANY,)),
    "type": Signature((_ANY,)),
    "values": Signature((_OBJECT,)),
}
_OWN: Final = {
    "add": Signature((_DECIMAL, _DECIMAL), variadic=True),
    "default": Signature((_ANY, _ANY)),
    "digest": Signature((_ANY,)),
    "format_time": Signature((_TEXT, _TEXT, _TEXT), optional=1),
    "lower": Signature((_TEXT,)),
    "multiply": Signature((_DECIMAL, _DECIMAL), variadic=True),
    "parse_time": Signature((_DECIMAL, _TEXT, _TEXT), optional=1),
    "replace": Signature((_TEXT, _TEXT, _TEXT)),
    "split": Signature((_TEXT, _TEXT)),
    "to_minor_units": Signature((_DECIMAL, _DECIMAL, _TEXT), optional=1),
    "uuid5": Signature((_TEXT, _TEXT)),
}
SIGNATURES: Final = STANDARD | _OWN


def arity_problem(name: str, references: list[bool]) -> str | None:
    """A sentence about the number of a call's arguments, or about expression references in wrong places.

    `references`: of each argument, whether it is an expression reference.
    """
    signature = SIGNATURES[name]
    wanted, given = len(signature.parameters), len(references)
    if given < wanted - signature.optional or (given > wanted and not signature.variadic):
        least = "at least " if signature.variadic else f"{wanted - 1} or " if signature.optional else ""
        return (
            f"The function {name} takes {least}{wanted} argument{'s' if wanted > 1 else ''}; this call has {given}."
        )
    for index, is_reference in enumerate(references):
        allowed = signature.parameters[min(index, wanted - 1)]
        if is_reference is not (allowed == _EXPRESSION):
            kind = "an expression reference, as &name" if allowed == _EXPRESSION else "a value, without &"
            return f"Argument {index + 1} of the function {name} must be {kind}."
    return None


def require_types(name: str, arguments: list[object], meter: Meter) -> None:
    """Raise Misfit if an argument has a type that the function does not take. Looking at members costs nodes."""
    signature = SIGNATURES[name]
    for index, argument in enumerate(arguments):
        allowed = signature.parameters[min(index, len(signature.parameters) - 1)]
        if allowed and not any(_fits(argument, one, meter) for one in allowed):
            has = "array with other members" if isinstance(argument, list) and len(argument) else type_of(argument)
            raise Misfit(f"argument {index + 1} of {name} is {has}, not {' or '.join(allowed)}")


def _fits(value: object, allowed: str, meter: Meter) -> bool:
    outer, _, member = allowed.removesuffix("]").partition("[")
    if type_of(value) != outer:
        return False
    if not member or not isinstance(value, list):
        return True
    meter.visit(len(value))
    return all(type_of(one) == member for one in value)
