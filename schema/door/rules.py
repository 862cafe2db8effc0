"""Validation rules of documents: those of the specification, two of them changed, and Strawberry's."""

from __future__ import annotations

from typing import Any

from graphql import (
    ArgumentNode,
    ASTValidationRule,
    GraphQLError,
    GraphQLInputType,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VisitorAction,
    specified_rules,
)
from graphql.language import SKIP
from graphql.utilities import validate_input_literal
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.door.refusal import Code
from schema.door.storable import StorableTextRule


class NamedValuesRule(ValuesOfCorrectTypeRule):
    """The specification's rule, with the code INVALID_INPUT and the place of the value."""

    _argument: str | None = None

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._argument = node.name.value

    def leave_argument(self, *_: Any) -> None:
        self._argument = None

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        if input_type:
            hide = self.context.hide_suggestions
            validate_input_literal(node, input_type, self._report, None, None, hide)
        return SKIP

    def _report(self, error: GraphQLError, path: list[str | int]) -> None:
        place = [*([self._argument] if self._argument else []), *map(str, path)]
        message = f"{'.'.join(place)}: {error.message}" if place else error.message
        extensions = {"code": Code.INVALID_INPUT, "inputPath": place}
        self.report_error(GraphQLError(message, error.nodes, extensions=extensions))


def validation_rules(comparisons: int) -> tuple[type[ASTValidationRule], ...]:
    """The rules. `comparisons` limits the one whose work grows quadratically with the document."""

    class BoundedOverlapRule(OverlappingFieldsCanBeMergedRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = comparisons

    ours: dict[type[ASTValidationRule], type[ASTValidationRule]] = {
        OverlappingFieldsCanBeMergedRule: BoundedOverlapRule,
        ValuesOfCorrectTypeRule: NamedValuesRule,
    }
    specified = (ours.get(rule, rule) for rule in specified_rules)
    return (*specified, StorableTextRule, MaybeNullValidationRule, OneOfInputValidationRule)
