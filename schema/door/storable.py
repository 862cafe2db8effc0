"""Refuses text that databases cannot store, in variables and in the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import ASTValidationRule, GraphQLError, StringValueNode

from models.errors import Violation
from proxy.inputs.admissible import objections
from schema.door.refusal import Code, Refused


class StorableTextRule(ASTValidationRule):
    """Refuses such text in the document. The types of numbers check their values."""

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        """Check a string literal for NUL escapes; half of a surrogate pair is a syntax error already."""
        for found in objections(node.value, ()):
            self.report_error(GraphQLError(found.message, node, extensions={"code": Code.INVALID_INPUT}))


def require_storable(variables: Mapping[str, Any]) -> None:
    """Raises Refused, INVALID_INPUT, with every unstorable member of the variables."""
    violations = objections(dict(variables), ())
    if violations:
        raise Refused([_error(violation) for violation in violations])


def _error(violation: Violation) -> GraphQLError:
    message = f"${'.'.join(violation.path)}: {violation.message}"
    return GraphQLError(message, extensions={"code": Code.INVALID_INPUT, "inputPath": list(violation.path)})
