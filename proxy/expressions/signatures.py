"""The signatures of JMESPath's built-in functions (jmespath.org/specification.html, Built-in Functions)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from proxy.expressions.budget import Meter, Misfit
from proxy.expressions.values import type_of


@dataclass(frozen=True, slots=True)
class Signature:
    """`parameters`: the types that each allows, without any for every value. `variadic`: the last may repeat."""

    parameters: tuple[tuple[str, ...], ...]
    variadic: bool = False


_ANY: Final = ()
_ARRAY: Final = ("array",)
_ARRAY_OR_TEXT: Final = ("array", "string")
_COMPARABLES: Final = ("array[number]", "array[string]")
_EXPRESSION: Final = ("expref",)
_NUMBER: Final = ("number",)
_NUMBERS: Final = ("array[number]",)
_OBJECT: Final = ("object",)
_TEXT: Final = ("string",)

SIGNATURES: Final = {
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


def arity_problem(name: str, references: list[bool]) -> str | None:
    """A sentence about the number of a call's arguments, or about expression references in wrong places.

    `references`: of each argument, whether it is an expression reference.
    """
    signature = SIGNATURES[name]
    wanted, given = len(signature.parameters), len(references)
    if given < wanted or (given > wanted and not signature.variadic):
        least = "at least " if signature.variadic else ""
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
            raise Misfit(f"argument {index + 1} of {name} is {type_of(argument)}, not {' or '.join(allowed)}")


def _fits(value: object, allowed: str, meter: Meter) -> bool:
    outer, _, member = allowed.removesuffix("]").partition("[")
    if type_of(value) != outer:
        return False
    if not member or not isinstance(value, list):
        return True
    meter.visit(len(value))
    return all(type_of(one) == member for one in value)
