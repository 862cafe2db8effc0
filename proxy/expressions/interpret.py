"""The interpreter: JMESPath's tree over a value. Values are shared, never copied; every step is metered."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, Final

from proxy.expressions.budget import Meter, Misfit
from proxy.expressions.functions import call
from proxy.expressions.parse import Node
from proxy.expressions.values import equal, is_truthy, type_of

_ORDER: Final[dict[object, Callable[[Any, Any], bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_ORDERED: Final = frozenset({"number", "string"})
#: A call of a function costs so many nodes more than its arguments: checking their types takes that long.
_CALL: Final = 3


class Interpreter:
    """Visits nodes (jmespath.org/specification.html). Raises Misfit and OverBudget."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._rules: dict[str, Callable[[Node, Any], object]] = {
            "and_expression": self._and,
            "comparator": self._compare,
            "current": _itself,
            "expref": lambda node, _: node.children[0],
            "field": _field,
            "filter_projection": self._filter,
            "flatten": self._flatten,
            "function_expression": self._call,
            "identity": _itself,
            "index": _index,
            "index_expression": self._chain,
            "key_val_pair": lambda node, value: self.visit(node.children[0], value),
            "literal": lambda node, _: node.value,
            "multi_select_dict": self._object,
            "multi_select_list": self._list,
            "not_expression": lambda node, value: not is_truthy(self.visit(node.children[0], value)),
            "or_expression": self._or,
            "pipe": self._chain,
            "projection": self._project,
            "slice": self._slice,
            "subexpression": self._chain,
            "value_projection": self._project_values,
        }

    def visit(self, node: Node, value: object) -> object:
        """The node's result on a value."""
        self._meter.visit()
        return self._rules[node.kind](node, value)

    def _chain(self, node: Node, value: object) -> object:
        for child in node.children:
            value = self.visit(child, value)
        return value

    def _and(self, node: Node, value: object) -> object:
        left = self.visit(node.children[0], value)
        return self.visit(node.children[1], value) if is_truthy(left) else left

    def _or(self, node: Node, value: object) -> object:
        left = self.visit(node.children[0], value)
        return left if is_truthy(left) else self.visit(node.children[1], value)

    def _compare(self, node: Node, value: object) -> object:
        left, right = (self.visit(child, value) for child in node.children)
        if node.value in ("eq", "ne"):
            return equal(left, right, self._meter) is (node.value == "eq")
        kinds = {type_of(left), type_of(right)}
        if not kinds <= _ORDERED:
            return None
        if len(kinds) > 1:
            raise Misfit("a number and a string have no order")
        if isinstance(left, str) and isinstance(right, str):
            self._meter.read(min(len(left), len(right)))
        return _ORDER[node.value](left, right)

    def _call(self, node: Node, value: object) -> object:
        self._meter.visit(_CALL)
        arguments = [self.visit(child, value) for child in node.children]
        return call(str(node.value), arguments, self.visit, self._meter)

    def _list(self, node: Node, value: object) -> object:
        if value is None:
            return None
        self._meter.make(len(node.children))
        return [self.visit(child, value) for child in node.children]

    def _object(self, node: Node, value: object) -> object:
        if value is None:
            return None
        self._meter.make(len(node.children))
        return {child.value: self._member(child, value) for child in node.children}

    def _member(self, node: Node, value: object) -> object:
        try:
            return self.visit(node, value)
        except Misfit as misfit:
            raise misfit.within(str(node.value)) from None

    def _slice(self, node: Node, value: object) -> object:
        if not isinstance(value, list) or not isinstance(node.value, tuple):
            return None
        part = slice(*node.value)
        self._meter.make(len(range(*part.indices(len(value)))))
        return value[part]

    def _flatten(self, node: Node, value: object) -> object:
        base = self.visit(node.children[0], value)
        if not isinstance(base, list):
            return None
        self._meter.visit(len(base))
        flat: list[object] = []
        for element in base:
            members = element if isinstance(element, list) else (element,)
            self._meter.make(len(members))
            flat.extend(members)
        return flat

    def _project(self, node: Node, value: object) -> object:
        base = self.visit(node.children[0], value)
        return self._each(base, node.children[1]) if isinstance(base, list) else None

    def _project_values(self, node: Node, value: object) -> object:
        base = self.visit(node.children[0], value)
        return self._each(base.values(), node.children[1]) if isinstance(base, dict) else None

    def _filter(self, node: Node, value: object) -> object:
        left, right, condition = node.children
        base = self.visit(left, value)
        if not isinstance(base, list):
            return None
        return self._each((one for one in base if is_truthy(self.visit(condition, one))), right)

    def _each(self, values: Iterable[object], right: Node) -> list[object]:
        found = []
        for value in values:
            result = self.visit(right, value)
            if result is not None:
                self._meter.make(1)
                found.append(result)
        return found


def _itself(_: Node, value: object) -> object:
    return value


def _field(node: Node, value: object) -> object:
    return value.get(node.value) if isinstance(value, dict) else None


def _index(node: Node, value: object) -> object:
    if not isinstance(value, list) or not isinstance(node.value, int):
        return None
    return value[node.value] if -len(value) <= node.value < len(value) else None
