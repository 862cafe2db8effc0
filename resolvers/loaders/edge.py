"""Edges as data, and their Selects. Nothing here executes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.page import BY_ID, Order, SliceRequest, ordering, within
from resolvers.reach import Conditions
from resolvers.scope import visible


@dataclass(frozen=True, kw_only=True)
class Link:
    """A table between two others. `source` and `target`: its columns with their keys."""

    table: Any
    source: str
    target: str


def public(_caller: Caller, _model: Any) -> Conditions:
    """Rows of every organization: for public facts of an organization, shown with its apps and installations."""
    return [true()]


@dataclass(frozen=True, kw_only=True, eq=False)
class Edge:
    """An edge from rows of `source` by their column `local` to rows of `target` by their column `remote`.

    With a `link`, `remote` is the target's column to which the link refers. `rows` says which targets exist for a
    caller. Each edge is declared once and equals only itself: loaders are kept by edge.
    """

    source: Any
    target: Any
    local: str = "id"
    remote: str = "id"
    link: Link | None = None
    order: Order = BY_ID
    needs: Permission | None = None
    rows: Callable[[Caller, Any], Conditions] = visible

    @property
    def by_id(self) -> bool:
        """Whether it leads to a row by its id, under the scope of the row's table."""
        return self.link is None and self.remote == "id" and self.rows is visible

    def of(self, caller: Caller, keys: Sequence[str], conditions: Sequence[ColumnElement[bool]] = ()) -> Any:
        """(target, key) for every target of these keys that exists for the caller."""
        statement = select(self.target, self.key.label("edge_key")).where(
            self.key.in_(keys), *self.rows(caller, self.target), *conditions
        )
        return statement if self.link is None else statement.join(self.link.table, self._linked())

    def all(self, caller: Caller, keys: Sequence[str]) -> Any:
        """(target, key) for every target, in the order of the edge; only for lists of limited length."""
        return self.of(caller, keys).order_by(*ordering(self.target, self.order, SliceRequest()))

    def page(
        self,
        caller: Caller,
        keys: Sequence[str],
        request: SliceRequest,
        conditions: Sequence[ColumnElement[bool]] = (),
    ) -> Any:
        """(target, key) for one slice under each key: a window function, so one statement serves all parents.

        Of one parent the slice is read along its index: SQLite evaluates a window function to its end.
        """
        if len(keys) == 1:
            lone = self.of(caller, keys, conditions).where(*within(self.target, self.order, request))
            return lone.order_by(*ordering(self.target, self.order, request)).limit(request.size + 1)
        number = func.row_number().over(partition_by=self.key, order_by=ordering(self.target, self.order, request))
        chosen = (
            self.of(caller, keys, conditions)
            .where(*within(self.target, self.order, request))
            .add_columns(number.label("edge_number"))
            .subquery()
        )
        entity = aliased(self.target, chosen)
        return (
            select(entity, chosen.c.edge_key)
            .where(chosen.c.edge_number <= request.size + 1)
            .order_by(chosen.c.edge_key, chosen.c.edge_number)
        )

    def count(
        self, caller: Caller, keys: Sequence[str], conditions: Sequence[ColumnElement[bool]] = ()
    ) -> Select[Any]:
        """(key, number of targets)."""
        chosen = self.of(caller, keys, conditions).subquery()
        return select(chosen.c.edge_key, func.count()).group_by(chosen.c.edge_key)

    @property
    def key(self) -> Any:
        """The column with the source's key."""
        return getattr(self.target, self.remote) if self.link is None else getattr(self.link.table, self.link.source)

    def _linked(self) -> Any:
        link = self.link
        assert link is not None  # noqa: S101  only called with a link
        return getattr(link.table, link.target) == getattr(self.target, self.remote)


@dataclass(frozen=True, kw_only=True, eq=False)
class Relation:
    """An edge to values that are not rows of a table: a batch function from keys to values, on one session.

    It equals only itself, like an `Edge`.
    """

    load: Callable[[AsyncSession, Caller, Sequence[Any]], Awaitable[dict[Any, Any]]]
    needs: Permission | None = None
