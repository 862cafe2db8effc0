"""What one GraphQL request may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LARGEST_PAGE: Final = 100


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Ceilings, each refused with TOO_COSTLY when it is passed; fragments count as often as they are spread.

    tokens                lexical tokens of the document; comments are counted apart, to the same number
    nesting               selections within selections, fragments included: how deep any later walk recurses
    depth                 fields within fields, but for `__schema` and `__type`; a page takes three
    fields                fields, spread out
    aliases               aliases, spread out
    introspection_fields  fields below `__schema` and `__type`, spread out: two of GraphiQL's queries
    introspection_depth   fields within fields there
    nodes                 rows, were every page full; counted as GitHub does (their two examples are tests)
    cost                  look-ups: 1 for a connection or an object, a field's own `cost` instead where it has
                          one, times the rows of the pages around it
    page                  rows of a connection that has neither `first` nor `last`
    largest_page          what `first` and `last` may be at most; refused with INVALID_INPUT
    errors                errors in one answer before anything is executed
    comparisons           steps of the check that fields of one name agree, which grow with their square
    cached_tokens         tokens of all the documents kept parsed and validated; about 600 bytes each
    """

    tokens: int = 2_000
    nesting: int = 100
    depth: int = 20
    fields: int = 5_000
    aliases: int = 100
    introspection_fields: int = 600
    introspection_depth: int = 20
    nodes: int = 500_000
    cost: int = 100_000
    page: int = 20
    largest_page: int = LARGEST_PAGE
    errors: int = 20
    comparisons: int = 50_000
    cached_tokens: int = 100_000


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What was asked for, shown in `extensions.cost`: look-ups, rows, fields within fields."""

    requested: int
    nodes: int
    depth: int

    def shown(self) -> dict[str, int]:
        return {"requested": self.requested, "nodes": self.nodes, "depth": self.depth}
