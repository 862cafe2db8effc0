"""Names that an expression reads of a value and does not find, as of a misspelled member."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from proxy.expressions.budget import Budget, Meter, Misfit, OverBudget
from proxy.expressions.interpret import Interpreter
from proxy.expressions.parse import Node, parse

_MOST: Final = 20
_MOST_VALUES: Final = 100_000


def missing_names(text: str, value: object, budget: Budget) -> list[str]:
    """Paths that are missing, such as `customer.nmae` and `lines[].pric`, at most 20, in the order of their reading.

    A member that one element of a list has is not missing in the others. Raises ExpressionRefused for a text that is
    no expression; one that does not fit the value, or is beyond its budget, is read up to that point.
    """
    tracer = _Tracer(Meter(budget), value)
    with suppress(Misfit, OverBudget, RecursionError):
        tracer.visit(parse(text, budget), value)
    return [path for path in tracer.missing if path not in tracer.found][:_MOST]


class _Tracer(Interpreter):
    """Notes the path of each name that it reads of an object of the value."""

    def __init__(self, meter: Meter, value: object) -> None:
        super().__init__(meter)
        self._rules["field"] = self._field
        self._paths = _paths_in(value)
        self.found: set[str] = set()
        self.missing: dict[str, None] = {}

    def _field(self, node: Node, value: object) -> object:
        if not isinstance(value, dict):
            return None
        around = self._paths.get(id(value))
        if around is not None:
            path = f"{around}.{node.value}" if around else str(node.value)
            if node.value in value:
                self.found.add(path)
            else:
                self.missing[path] = None
        return value.get(node.value)


def _paths_in(root: object) -> dict[int, str]:
    """The path of each object inside, by its identity: the interpreter copies no value."""
    paths: dict[int, str] = {}
    pending = [(root, "")]
    while pending and len(paths) < _MOST_VALUES:
        value, path = pending.pop()
        if isinstance(value, dict):
            paths[id(value)] = path
            pending += [(member, f"{path}.{key}" if path else key) for key, member in value.items()]
        elif isinstance(value, list):
            pending += [(member, f"{path}[]") for member in value]
    return paths
