"""Admission of GraphQL documents: every transport passes it before anything is executed."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.execution import get_variable_values
from graphql.execution.values import VariableValues
from strawberry.exceptions import StrawberryInputCoercionError

from schema.door.converting import Converter
from schema.door.limits import Cost, Limits
from schema.door.marks import schema_hash
from schema.door.refusal import Code, Refused, refusal
from schema.door.rules import validation_rules
from schema.door.scales import Scales
from schema.door.sizes import require_sizes
from schema.door.storable import require_storable
from schema.door.values import count_variables
from schema.door.weight import Weight

#: graphql-core's message when a rule has used up its comparisons.
_OUT_OF_BUDGET = "Validation aborted."
#: The part of a message that repeats a value, which may be a secret in the wrong place.
_REPEATED = re.compile(r"(?:, found|(?<= value)(?<!invalid value)): .*", re.DOTALL)


class Method(Enum):
    """The HTTP method, which decides the allowed kinds of operations."""

    GET = frozenset({OperationType.QUERY})
    POST = frozenset({OperationType.QUERY, OperationType.MUTATION})
    STREAM = frozenset(OperationType)


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that is valid for a schema, with the weights of its operations."""

    document: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    weights: Mapping[str | None, Weight]
    fragments: Mapping[str, FragmentDefinitionNode]
    tokens: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """A chosen operation with the given variables, not yet coerced. `counts`: the values of each variable."""

    checked: Checked
    operation: OperationDefinitionNode
    weight: Weight
    given: Mapping[str, Any]
    counts: Mapping[str, int]

    @property
    def values(self) -> int:
        """The number of values to coerce."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Admitted:
    """An operation that may be executed, with its variables coerced. `counts`: the values of each variable."""

    checked: Checked
    operation: OperationDefinitionNode
    variables: VariableValues
    counts: Mapping[str, int]
    cost: Cost


class Admission:
    """Parses, weighs and validates. Admitted documents are cached, refused ones are not."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.converter = Converter(limits.values_at_once)
        self._rules = validation_rules(limits.comparisons)
        self._known: OrderedDict[tuple[str, bytes], Checked] = OrderedDict()
        self._known_tokens = 0

    def admit(
        self,
        schema: GraphQLSchema,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        *,
        method: Method,
    ) -> Admitted:
        """The admitted operation. Raises Refused: BAD_REQUEST, TOO_COSTLY, or INVALID_INPUT (wrong types)."""
        return self.coerce(schema, self.weigh(schema, query, variables, operation_name, method=method))

    def weigh(
        self,
        schema: GraphQLSchema,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        *,
        method: Method,
    ) -> Weighed:
        """The first part of `admit`: all that is short, however many values there are. Raises the same."""
        checked = self._check(schema, query)
        operation = _choose(checked, operation_name)
        _require_allowed(operation, method)
        weight = checked.weights[operation.name.value if operation.name else None]
        given = variables or {}
        require_sizes(weight, given, self.limits)  # before coercion: also integers beyond GraphQL's
        counts = count_variables(schema, operation, given, self.limits)
        return Weighed(checked, operation, weight, given, counts)

    def coerce(self, schema: GraphQLSchema, weighed: Weighed) -> Admitted:
        """The second part of `admit`, which takes time for each value; any thread may run it. Raises the same."""
        operation, weight, counts = weighed.operation, weighed.weight, weighed.counts
        values = self._coerce(schema, operation, weighed.given)
        require_sizes(weight, values.coerced, self.limits)  # after coercion: also defaults
        cost = weight.total(values.coerced, self.limits.page)
        _require_affordable(cost, self.limits)
        _require_few(weight.taken(counts, values.coerced, self.limits.page), self.limits, cost)
        return Admitted(weighed.checked, operation, values, counts, cost)

    def _check(self, schema: GraphQLSchema, query: str) -> Checked:
        key = schema_hash(schema), hashlib.sha256(query.encode("utf-8", "surrogatepass")).digest()
        if (known := self._known.get(key)) is not None:
            self._known.move_to_end(key)
            return known
        document = self._parse(query)
        weights = self._weigh(schema, document)
        self._validate(schema, document)
        checked = _checked(document, weights, len(query))
        self._remember(key, checked)
        return checked

    def _parse(self, query: str) -> DocumentNode:
        try:
            return parse(query, max_lexical_tokens=self.limits.tokens, max_comments=self.limits.tokens)
        except GraphQLSyntaxError as error:
            too_long = error.message.endswith("Parsing aborted.")
            error.extensions = {"code": Code.TOO_COSTLY if too_long else Code.BAD_REQUEST}
            raise Refused([error]) from None

    def _weigh(self, schema: GraphQLSchema, document: DocumentNode) -> dict[str | None, Weight]:
        scales = Scales(schema, document, self.limits)
        scales.weigh_fragments()
        weights: dict[str | None, Weight] = {}
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                weight = scales.weigh(node)
                _require_light(weight, self.limits, node)
                weights[node.name.value if node.name else None] = weight
        return weights

    def _validate(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        """At most `errors` errors, including the one that says that there were more."""
        errors = validate(schema, document, self._rules, max_errors=self.limits.errors - 1, hide_suggestions=True)
        if errors:
            raise Refused([_coded(error) for error in errors])

    def _coerce(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any]
    ) -> VariableValues:
        require_storable(given)
        most = self.limits.errors - 1
        definitions = operation.variable_definitions or ()
        values = get_variable_values(schema, definitions, dict(given), most, hide_suggestions=True)
        if isinstance(values, VariableValues):
            return values
        for error in values:
            error.message = _REPEATED.sub(".", error.message)
            error.extensions = {"code": Code.INVALID_INPUT}
        raise Refused(values)

    def _remember(self, key: tuple[str, bytes], checked: Checked) -> None:
        self._known[key] = checked
        self._known_tokens += checked.tokens
        while self._known_tokens > self.limits.cached_tokens:
            _, oldest = self._known.popitem(last=False)
            self._known_tokens -= oldest.tokens


def _checked(document: DocumentNode, weights: Mapping[str | None, Weight], length: int) -> Checked:
    operations: dict[str | None, OperationDefinitionNode] = {}
    fragments: dict[str, FragmentDefinitionNode] = {}
    for node in document.definitions:
        match node:
            case OperationDefinitionNode(name=name):
                operations[name.value if name else None] = node
            case FragmentDefinitionNode(name=name):
                fragments[name.value] = node
    tokens = document.token_count + length // 64  # a long string is one token but takes memory too
    return Checked(document, operations, weights, fragments, tokens)


def _choose(checked: Checked, name: str | None) -> OperationDefinitionNode:
    """GetOperation of the specification (§6.1). Refuses to choose among several."""
    if name is None and len(checked.operations) == 1:
        return next(iter(checked.operations.values()))
    if name is None:
        raise refusal(Code.BAD_REQUEST, "Give operationName: the document does not have exactly one operation.")
    if name not in checked.operations:
        raise refusal(Code.BAD_REQUEST, f"There is no operation named '{name}' in the document.")
    return checked.operations[name]


def _require_allowed(operation: OperationDefinitionNode, method: Method) -> None:
    if operation.operation in method.value:
        return
    if operation.operation is OperationType.SUBSCRIPTION:
        raise refusal(Code.BAD_REQUEST, "Subscribe over a WebSocket or server-sent events.", operation)
    refused = refusal(Code.BAD_REQUEST, "Send mutations by POST.", operation)
    raise Refused(refused.errors, wrong_method=True)


def _require_light(weight: Weight, limits: Limits, node: OperationDefinitionNode) -> None:
    """Check the limits that do not depend on variables."""
    for asked, most, what in (
        (weight.depth, limits.depth, "fields within fields"),
        (weight.aliases, limits.aliases, "aliases"),
        (weight.introspection_fields, limits.introspection_fields, "fields of introspection"),
        (weight.introspection_depth, limits.introspection_depth, "fields within fields of introspection"),
    ):
        if asked > most:
            raise refusal(Code.TOO_COSTLY, f"The operation has {asked} {what}; {most} are allowed.", node)


def _require_affordable(cost: Cost, limits: Limits) -> None:
    for asked, most, what in (
        (cost.nodes, limits.nodes, "nodes"),
        (cost.requested, limits.cost, "points of cost"),
    ):
        if asked > most:
            message = f"The operation asks for up to {asked} {what}; {most} are allowed. Ask for smaller pages."
            raise refusal(Code.TOO_COSTLY, message, cost=cost)


def _require_few(taken: int, limits: Limits, cost: Cost) -> None:
    if taken > limits.values:
        raise refusal(
            Code.TOO_COSTLY,
            f"The arguments take {taken} values; {limits.values} are allowed. A variable counts for each argument"
            " that takes it, and an argument for each row of the pages around it. Send fewer values, or ask for"
            " smaller pages.",
            cost=cost,
        )


def _coded(error: GraphQLError) -> GraphQLError:
    if error.message == _OUT_OF_BUDGET:
        return GraphQLError("The document is too intricate to validate.", extensions={"code": Code.TOO_COSTLY})
    error.message = _REPEATED.sub(".", error.message)
    if not error.extensions:
        wrong_value = isinstance(error, StrawberryInputCoercionError)
        error.extensions = {"code": Code.INVALID_INPUT if wrong_value else Code.BAD_REQUEST}
    return error
