"""Refuses text that databases cannot store and numbers that would change, in variables and in the document."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from graphql import (
    ArgumentNode,
    ASTValidationRule,
    FloatValueNode,
    GraphQLError,
    ObjectFieldNode,
    StringValueNode,
)

from models.errors import Violation
from proxy.inputs.admissible import objections
from proxy.inputs.numbers import CHANGED, is_kept
from schema.door.refusal import Code, Refused


class StorableTextRule(ASTValidationRule):
    """Refuses such text and numbers in the document."""

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        """Check a string literal for NUL escapes; half of a surrogate pair is a syntax error already."""
        for found in objections(node.value, ()):
            self.report_error(GraphQLError(found.message, node, extensions={"code": Code.INVALID_INPUT}))

    def enter_float_value(self, node: FloatValueNode, _: Any, parent: Any, __: Any, above: Any) -> None:
        """Check a decimal literal. Integers, and numbers beyond the doubles, are checked by their types."""
        if isfinite(float(node.value)) and not is_kept(node.value):
            names = (one.name.value for one in (*above, parent) if isinstance(one, ArgumentNode | ObjectFieldNode))
            message = f"{'.'.join(names)}: {CHANGED}"
            self.report_error(GraphQLError(message, node, extensions={"code": Code.INVALID_INPUT}))


def require_storable(variables: Mapping[str, Any]) -> None:
    """Raises Refused, INVALID_INPUT, with every unstorable member of the variables."""
    violations = objections(dict(variables), ())
    if violations:
        raise Refused([_error(violation) for violation in violations])


def _error(violation: Violation) -> GraphQLError:
    message = f"${'.'.join(violation.path)}: {violation.message}"
    return GraphQLError(message, extensions={"code": Code.INVALID_INPUT, "inputPath": list(violation.path)})
