"""Limits of one GraphQL request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LARGEST_PAGE: Final = 100


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Upper limits; exceeding one is refused with TOO_COSTLY. Fragments count each time that they are spread.

    tokens                lexical tokens of the document; comments are counted separately, with the same limit
    nesting               selections within selections, including fragments: the recursion depth of later walks
    depth                 fields within fields, except `__schema` and `__type`; a page takes three
    fields                fields, after spreading fragments
    aliases               aliases, after spreading fragments
    introspection_fields  fields below `__schema` and `__type`, after spreading: two of GraphiQL's queries
    introspection_depth   fields within fields below `__schema` and `__type`
    nodes                 rows if every page were full; counted like GitHub (their two examples are tests)
    cost                  look-ups: a field's own `cost`, else 1 for a connection or an object; a long column costs 1
                          for each 4 kB that it may have; multiplied by the rows of the enclosing pages
    page                  rows of a connection that has neither `first` nor `last`
    largest_page          the greatest `first` and `last`; refused with INVALID_INPUT
    errors                errors in one answer before anything is executed
    comparisons           steps of the check that fields of the same name agree; they grow quadratically
    values                values of variables that types coerce: members of lists and objects, and the fields that an
                          input type declares; again for every argument that takes them, and every row of the pages
                          around it. 500 capabilities of 10 inputs are 60,000. One takes up to 6 microseconds
    members               members of one list of scalars: operations judge it as a whole, in one turn
    values_at_once        values that one turn of the event loop coerces; more are coerced in a thread
    answer_values         fields and members of lists in an answer; each takes about 5 microseconds
    answer_bytes          bytes of the answer's body; execution stops as soon as the parts that it has made are larger
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
    comparisons: int = 20_000
    values: int = 100_000
    members: int = 10_000
    values_at_once: int = 1_000
    answer_values: int = 100_000
    answer_bytes: int = 16_000_000
    cached_tokens: int = 100_000


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The cost of a request, shown in `extensions.cost`: look-ups, rows, fields within fields."""

    requested: int
    nodes: int
    depth: int

    def shown(self) -> dict[str, int]:
        return {"requested": self.requested, "nodes": self.nodes, "depth": self.depth}
