"""Slices of lists, for every paging style of the faces: keyset in both directions, or offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, UnaryExpression, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import InvalidInput

T = TypeVar("T")

DEFAULT_SIZE = 20
GREATEST_SIZE = 1000
GREATEST_OFFSET = 10_000


@dataclass(frozen=True, kw_only=True)
class Order:
    """A total order: columns of one direction, the last of which is `id`."""

    columns: tuple[str, ...] = ("id",)
    descending: bool = False

    def __post_init__(self) -> None:
        if self.columns[-1] != "id":
            raise ValueError("A total order must end in the id.")

    def position(self, row: Any) -> tuple[Any, ...]:
        """The position of a row in this order."""
        return tuple(getattr(row, column) for column in self.columns)


BY_ID = Order()
BY_NAME_KEY = Order(columns=("name_key", "id"))
NEWEST_FIRST = Order(descending=True)


@dataclass(frozen=True, kw_only=True)
class SliceRequest:
    """The wanted part of a list. `after` and `before` are positions, exclusive; `offset` counts rows."""

    size: int = DEFAULT_SIZE
    backward: bool = False
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None
    offset: int = 0
    count: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.size <= GREATEST_SIZE:
            raise InvalidInput.at("size", f"It must be between 1 and {GREATEST_SIZE}.")
        if not 0 <= self.offset <= GREATEST_OFFSET:
            raise InvalidInput.at("page", f"Lists are paged to {GREATEST_OFFSET} rows; use a filter for later rows.")


@dataclass(frozen=True, kw_only=True)
class Slice(Generic[T]):
    """Rows in list order. `total` is set if the request asked for it."""

    rows: Sequence[T]
    has_next: bool = False
    has_previous: bool = False
    total: int | None = None


def cut(rows: Sequence[T], request: SliceRequest, *, total: int | None = None) -> Slice[T]:
    """A Slice of rows that were fetched in reading direction. One more than `size` means that there are more."""
    more = len(rows) > request.size
    kept = list(rows[: request.size])
    ahead, behind = request.before is not None, request.after is not None or request.offset > 0
    if request.backward:
        return Slice(rows=kept[::-1], has_next=ahead, has_previous=more or behind, total=total)
    return Slice(rows=kept, has_next=more or ahead, has_previous=behind, total=total)


def ordering(model: Any, order: Order, request: SliceRequest) -> list[UnaryExpression[Any]]:
    """ORDER BY of a slice in reading direction."""
    descending = order.descending != request.backward
    columns = [getattr(model, column) for column in order.columns]
    return [column.desc() if descending else column.asc() for column in columns]


def within(model: Any, order: Order, request: SliceRequest) -> list[ColumnElement[bool]]:
    """Conditions of a slice's cursors, as row values: `(k, id) > (?, ?)`."""
    columns = tuple_(*(getattr(model, column) for column in order.columns))
    conditions: list[ColumnElement[bool]] = []
    for position, later in ((request.after, True), (request.before, False)):
        if position is not None:
            forward = later != order.descending
            conditions.append(columns > position if forward else columns < position)
    return conditions


async def fetch_slice(
    session: AsyncSession, chosen: Select[T], model: Any, order: Order, request: SliceRequest
) -> Slice[T]:
    """Run a list's Select for one slice: one statement, and a second one for the total."""
    statement = (
        chosen.where(*within(model, order, request))
        .order_by(*ordering(model, order, request))
        .offset(request.offset or None)
        .limit(request.size + 1)
    )
    rows = (await session.execute(statement)).scalars().all()
    total = await _count(session, chosen) if request.count else None
    return cut(rows, request, total=total)


async def _count(session: AsyncSession, chosen: Select[Any]) -> int:
    counted = chosen.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    total: int = (await session.execute(select(counted.scalar_subquery()))).scalar_one()
    return total
