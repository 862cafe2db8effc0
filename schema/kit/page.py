"""Relay connections over slices: arguments in, edges and cursors out."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import strawberry
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
)
from strawberry.types.fields.resolver import Parameter, Signature

from models.errors import InvalidInput
from resolvers.page import DEFAULT_SIZE, Order, Slice, SliceRequest
from schema.door.limits import LARGEST_PAGE
from schema.kit.context import Info
from schema.kit.descriptions import with_article

Row = TypeVar("Row")

#: Descriptions of the types that a noun's `PageOf` makes; `describe_pages` fills in the noun.
_EDGE: Final = "{a_row} and its cursor."
_PAGE: Final = "A page of {row} rows."


@dataclass(frozen=True, kw_only=True)
class Page:
    """A slice to be shown: its rows, their order, and the binding of its cursors. `shows`: the node of a row."""

    slice: Slice[Any]
    order: Order
    binding: str
    count: Callable[[], Awaitable[int]] | None = None
    shows: Callable[[Any], Any] = lambda row: row

    def cursor(self, row: Any, info: Info) -> str:
        """The cursor of a row of this page."""
        return info.context.caller.hub.cursors.encode(self.binding, self.order.position(row))


@dataclass(frozen=True, kw_only=True)
class PageArguments:
    """The arguments `first`, `after`, `last`, `before`; null is the same as absent."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def request(self, info: Info, binding: str, *, count: bool = False) -> SliceRequest:
        """The slice to load. Raises InvalidInput at the wrong argument."""
        if self.first is not None and self.last is not None:
            raise InvalidInput.at(("last",), "Give first or last, not both.")
        return SliceRequest(
            size=_size("last", self.last) or _size("first", self.first) or DEFAULT_SIZE,
            backward=self.last is not None,
            after=_position(info, binding, "after", self.after),
            before=_position(info, binding, "before", self.before),
            count=count,
        )


_ARGUMENTS: Final = {"first": int | None, "after": str | None, "last": int | None, "before": str | None}


def paged(load: Callable[..., Awaitable[Page]]) -> Callable[..., Any]:
    """A resolver of `load(root, info, arguments, ...)`: the page's four arguments, then the others of `load`."""

    async def resolve(root: Any, info: Info, **given: Any) -> Any:
        arguments = PageArguments(**{name: optional(given.pop(name, None)) for name in _ARGUMENTS})
        return await load(root, info, arguments, **given)

    root, info, _, *others = Signature.from_callable(load, eval_str=True).parameters.values()
    arguments = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=strawberry.UNSET, annotation=kind)
        for name, kind in _ARGUMENTS.items()
    ]
    needed = [one for one in others if one.default is Parameter.empty]
    rest = [one for one in others if one not in needed]
    resolve.__dict__["__signature__"] = Signature([root, info, *needed, *arguments, *rest])
    return resolve


def binding_of(info: Info, *parts: Any) -> str:
    """The binding of a cursor: organization, field, filter and order of its list."""
    raw: GraphQLResolveInfo[Any] = info._raw_info
    narrowed = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    return f"{info.context.caller.organization_id}|{raw.parent_type.name}.{raw.field_name}|{narrowed}"


def asks_for(info: Info, name: str) -> bool:
    """Whether a field is selected directly below this one, also inside fragments."""
    raw: GraphQLResolveInfo[Any] = info._raw_info
    return any(_selects(raw, node.selection_set, name) for node in raw.field_nodes)


def optional(value: Any) -> Any:
    """The value of an argument; None if it was not given."""
    return None if value is strawberry.UNSET else value


def _selects(raw: GraphQLResolveInfo[Any], selections: SelectionSetNode | None, name: str) -> bool:
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            if node.name.value == name:
                return True
        elif isinstance(node, FragmentSpreadNode):
            if _selects(raw, raw.fragments[node.name.value].selection_set, name):
                return True
        elif isinstance(node, InlineFragmentNode) and _selects(raw, node.selection_set, name):
            return True
    return False


def _size(name: str, value: int | None) -> int | None:
    if value is not None and not 1 <= value <= LARGEST_PAGE:
        raise InvalidInput.at((name,), f"It must be between 1 and {LARGEST_PAGE}.")
    return value


def _position(info: Info, binding: str, name: str, cursor: str | None) -> tuple[Any, ...] | None:
    if cursor is None:
        return None
    return info.context.caller.hub.cursors.decode(binding, cursor, path=(name,))


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's facts about a page: its cursors and whether more rows follow."""

    has_next_page: bool = strawberry.field(description="More after this page.")
    has_previous_page: bool = strawberry.field(description="More before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge.")


@strawberry.type(name="Edge", description=_EDGE)
class EdgeOf(Generic[Row]):
    """A row and its cursor: `<Noun>Edge` of the graph."""

    cursor: str = strawberry.field(description="Opaque.")
    node: Row = strawberry.field(description="The row.")


def _edges(root: Any, info: Info) -> Any:
    return [EdgeOf(cursor=root.cursor(row, info), node=root.shows(row)) for row in root.slice.rows]


def _nodes(root: Any) -> Any:
    return [root.shows(row) for row in root.slice.rows]


def _page_info(root: Any, info: Info) -> Any:
    rows = root.slice.rows
    return PageInfo(
        has_next_page=root.slice.has_next,
        has_previous_page=root.slice.has_previous,
        start_cursor=root.cursor(rows[0], info) if rows else None,
        end_cursor=root.cursor(rows[-1], info) if rows else None,
    )


async def _total_count(root: Any) -> Any:
    return root.slice.total if root.count is None else await root.count()


@strawberry.type(name="Connection", description=_PAGE)
class PageOf(Generic[Row]):
    """A page of an append-only list, which has no total: `<Noun>Connection` of the graph."""

    edges: list[EdgeOf[Row]] = strawberry.field(resolver=_edges, description="Rows with cursors.")
    nodes: list[Row] = strawberry.field(resolver=_nodes, description="Rows alone.")
    page_info: PageInfo = strawberry.field(resolver=_page_info, description="Where the page stands.")


@strawberry.type(name="Connection", description=_PAGE)
class CountedPageOf(PageOf[Row], Generic[Row]):
    """A page of a list whose counting is bounded: `<Noun>Connection` of the graph."""

    total_count: int = strawberry.field(resolver=_total_count, description="All rows that match.")


def describe_pages(schema: GraphQLSchema) -> None:
    """Name the noun in the descriptions of its page and edge; once, when the schema is built."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and kind.description in (_EDGE, _PAGE):
            row = get_named_type(kind.fields["node" if kind.description == _EDGE else "nodes"].type).name
            kind.description = kind.description.format(a_row=with_article(row), row=row)
