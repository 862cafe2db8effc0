"""Weighs a document by its syntax and the schema's types, before it is validated; each fragment once."""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from schema.door.limits import Limits
from schema.door.refusal import Code, refusal
from schema.door.sizes import read_sizes
from schema.door.values import count_literals
from schema.door.weight import Page, Sized, Weight

_PAGE_ARGUMENTS = ("first", "last")
_WRAPPERS = ("Connection", "Edge")


class Scales:
    """Weighs the definitions of one document; refuses `fields`, `nesting` and cycles while doing it."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._weights: dict[str, Weight] = {}
        self._open: set[str] = set()

    def weigh_fragments(self) -> None:
        """Weigh all fragments, also unused ones: validation walks them too."""
        for name in self._fragments:
            self._fragment(name, 0)

    def weigh(self, operation: OperationDefinitionNode) -> Weight:
        """The weight of an operation. Raises Refused: TOO_COSTLY, BAD_REQUEST, or INVALID_INPUT (page size)."""
        root = self._schema.get_root_type(operation.operation)
        return self._selections(operation.selection_set, root, 1)

    def _selections(self, node: SelectionSetNode, parent: GraphQLNamedType | None, level: int) -> Weight:
        """`level` counts selections from the top, so that the recursion stays short of Python's limit."""
        weight = Weight(nesting=1)
        self._check(weight, level, node)
        for selection in node.selections:
            weight.add(self._selection(selection, parent, level))
            self._check(weight, level, selection)
        return weight

    def _selection(self, node: SelectionNode, parent: GraphQLNamedType | None, level: int) -> Weight:
        match node:
            case FieldNode():
                return self._field(node, parent, level)
            case FragmentSpreadNode():
                return self._fragment(node.name.value, level)
            case InlineFragmentNode(type_condition=NamedTypeNode(name=name)):
                return self._spread(node.selection_set, self._schema.get_type(name.value), level)
            case InlineFragmentNode():
                return self._spread(node.selection_set, parent, level)
        return Weight()

    def _spread(self, node: SelectionSetNode, parent: GraphQLNamedType | None, level: int) -> Weight:
        weight = self._selections(node, parent, level + 1)
        weight.nesting += 1
        return weight

    def _fragment(self, name: str, level: int) -> Weight:
        if name in self._open:
            raise refusal(Code.BAD_REQUEST, f"Cannot spread fragment '{name}' within itself.", self._fragments[name])
        if name not in self._fragments:
            return Weight()
        if name not in self._weights:
            self._open.add(name)
            fragment = self._fragments[name]
            parent = self._schema.get_type(fragment.type_condition.name.value) if fragment.type_condition else None
            self._weights[name] = self._spread(fragment.selection_set, parent, level)
            self._open.remove(name)
        return self._weights[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, level: int) -> Weight:
        definition = _definition(parent, node.name.value)
        kind = get_named_type(definition.type) if definition else self._introspected(node)
        inside = self._selections(node.selection_set, kind, level + 1) if node.selection_set else Weight()
        weight = Weight(
            depth=inside.depth + 1,
            nesting=inside.nesting + 1,
            fields=inside.fields + 1,
            aliases=inside.aliases + (node.alias is not None and node.alias.value != node.name.value),
            introspection_fields=inside.introspection_fields,
            introspection_depth=inside.introspection_depth,
        )
        if node.name.value in {"__schema", "__type"}:
            weight.depth, weight.fields = 1, 1
            weight.introspection_fields, weight.introspection_depth = inside.fields, inside.depth
            return weight
        _charge(weight, inside, node, definition, parent, self._limits)
        return weight

    def _introspected(self, node: FieldNode) -> GraphQLNamedType | None:
        return self._schema.get_type({"__schema": "__Schema", "__type": "__Type"}.get(node.name.value, ""))

    def _check(self, weight: Weight, level: int, node: SelectionNode | SelectionSetNode) -> None:
        """Check the limits that must stop the weighing itself; the others are checked once for each operation."""
        if weight.fields > self._limits.fields:
            raise refusal(Code.TOO_COSTLY, f"The document selects more than {self._limits.fields} fields.", node)
        if level + weight.nesting - 1 > self._limits.nesting:
            raise refusal(Code.TOO_COSTLY, f"Selections nest deeper than {self._limits.nesting} levels.", node)


def _definition(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        definition: GraphQLField | None = parent.fields.get(name)
        return definition
    return None


def _charge(
    weight: Weight,
    inside: Weight,
    node: FieldNode,
    definition: GraphQLField | None,
    parent: GraphQLNamedType | None,
    limits: Limits,
) -> None:
    """Add the field's own price and the weight inside it, multiplied by its rows if it is a page."""
    price = _price(node, definition, parent)
    weight.values, weight.uses = count_literals(argument.value for argument in node.arguments or ())
    sizes = _sizes(node, definition, limits)
    if sizes is None:
        weight.cost, weight.nodes, weight.pages = price + inside.cost, inside.nodes, list(inside.pages)
        weight.values += inside.values
        weight.uses.update(inside.uses)
        return
    page = Page(sizes, price, inside)
    if not page.fixed:
        weight.pages.append(page)
        return
    rows = page.rows({}, limits.page)
    weight.nodes = rows + rows * inside.nodes
    weight.cost = price + rows * inside.cost
    weight.values += rows * inside.values
    weight.uses.update({name: rows * times for name, times in inside.uses.items()})


def _price(node: FieldNode, definition: GraphQLField | None, parent: GraphQLNamedType | None) -> int:
    """The field's `cost` extension; else 1 for a look-up, 0 for a value and for the wrappers of a page."""
    own = definition.extensions.get("cost") if definition else None
    if isinstance(own, int):
        return own
    return 0 if node.selection_set is None or (parent and parent.name.endswith(_WRAPPERS)) else 1


def _sizes(node: FieldNode, definition: GraphQLField | None, limits: Limits) -> tuple[int | Sized, ...] | None:
    """The page sizes of a field; None if it is neither a connection, nor a list by `ids`, nor one with `rows`."""
    if definition is None:
        return None
    if "rows" in definition.extensions:
        return (definition.extensions["rows"],)
    if "ids" in definition.args and is_list_type(get_nullable_type(definition.type)):
        return read_sizes(node, ("ids",), limits) or (0,)
    if not get_named_type(definition.type).name.endswith("Connection") or not any(
        name in definition.args for name in _PAGE_ARGUMENTS
    ):
        return None
    return read_sizes(node, _PAGE_ARGUMENTS, limits) or (limits.page,)
