"""Weights of selections: numbers to add up, and pages whose size depends on variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schema.door.limits import Cost


@dataclass(slots=True)
class Weight:
    """The weight of one selection: fixed numbers, and pages whose size depends on variables.

    `values`: those written in arguments. `uses`: how often arguments take each variable.
    """

    depth: int = 0
    nesting: int = 0
    fields: int = 0
    aliases: int = 0
    introspection_fields: int = 0
    introspection_depth: int = 0
    nodes: int = 0
    cost: int = 0
    values: int = 0
    uses: Counter[str] = field(default_factory=Counter)
    pages: list[Page] = field(default_factory=list)

    def add(self, other: Weight) -> None:
        self.depth = max(self.depth, other.depth)
        self.nesting = max(self.nesting, other.nesting)
        self.fields += other.fields
        self.aliases += other.aliases
        self.introspection_fields += other.introspection_fields
        self.introspection_depth = max(self.introspection_depth, other.introspection_depth)
        self.nodes += other.nodes
        self.cost += other.cost
        self.values += other.values
        self.uses.update(other.uses)
        self.pages += other.pages

    def total(self, variables: Mapping[str, Any], page: int) -> Cost:
        """The cost with these coerced variables. `page`: the rows of a connection without a size."""
        nodes, cost = self._totals(variables, page)
        return Cost(requested=cost, nodes=nodes, depth=self.depth)

    def taken(self, counts: Mapping[str, int], variables: Mapping[str, Any], page: int) -> int:
        """The values that all arguments take, on every row, with variables of so many values."""
        own = self.values + sum(times * counts.get(name, 0) for name, times in self.uses.items())
        return own + sum(
            each.rows(variables, page) * each.inside.taken(counts, variables, page) for each in self.pages
        )

    def sized(self) -> Iterator[Sized]:
        """Every page size that a variable gives."""
        for each in self.pages:
            yield from (size for size in each.sizes if isinstance(size, Sized))
            yield from each.inside.sized()

    def _totals(self, variables: Mapping[str, Any], page: int) -> tuple[int, int]:
        nodes, cost = self.nodes, self.cost
        for each in self.pages:
            rows = each.rows(variables, page)
            inner_nodes, inner_cost = each.inside._totals(variables, page)
            nodes += rows + rows * inner_nodes
            cost += each.cost + rows * inner_cost
        return nodes, cost


@dataclass(frozen=True, slots=True)
class Sized:
    """A variable, by its name, that gives the size of a page or its ids."""

    argument: str
    variable: str


@dataclass(frozen=True, slots=True)
class Page:
    """A field with rows. The largest of `sizes` counts."""

    sizes: tuple[int | Sized, ...]
    cost: int
    inside: Weight

    @property
    def fixed(self) -> bool:
        return not self.inside.pages and not any(isinstance(size, Sized) for size in self.sizes)

    def rows(self, variables: Mapping[str, Any], page: int) -> int:
        values = (variables.get(size.variable) if isinstance(size, Sized) else size for size in self.sizes)
        given = [len(value) if isinstance(value, list) else value for value in values if value is not None]
        return max(0, *given) if given else page
