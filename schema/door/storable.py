"""What may stand nowhere in a request: text that no database stores, in variables and in the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import ASTValidationRule, GraphQLError, StringValueNode

from models.errors import Violation
from proxy.inputs.admissible import objections
from schema.door.refusal import Code, Refused


class StorableTextRule(ASTValidationRule):
    """Refuses such text written into the document; numbers are their types' matter."""

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        """NUL comes as an escape; half of a surrogate pair is a syntax error already."""
        for found in objections(node.value, ()):
            self.report_error(GraphQLError(found.message, node, extensions={"code": Code.INVALID_INPUT}))


def require_storable(variables: Mapping[str, Any]) -> None:
    """Raises Refused, INVALID_INPUT at every variable's member that is not."""
    found = objections(dict(variables), ())
    if found:
        raise Refused([_error(violation) for violation in found])


def _error(violation: Violation) -> GraphQLError:
    message = f"${'.'.join(violation.path)}: {violation.message}"
    return GraphQLError(message, extensions={"code": Code.INVALID_INPUT, "inputPath": list(violation.path)})
