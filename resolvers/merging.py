"""Lists that are merged: a filter with several values is read as one list for each value, each along its index.

Databases do not merge lists that are ordered by id: they sort all rows of all values, or look along the ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import CTE, ColumnElement, Select, false, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from resolvers.filters import is_pattern, matching
from resolvers.page import NEWEST_FIRST, SliceRequest, ordering, within

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    F = TypeVar("F", bound=DataclassInstance)

#: Lists that are merged. A column that would make more is looked for along the ids.
MOST_LISTS: Final = 50


def parts(filters: Sequence[F], lists: Mapping[str, Sequence[Any] | None]) -> list[F]:
    """Filters that together have all rows of `filters`, each with one value of the members in `lists`.

    None, and so many values that there would be more than 50 filters, leave a member as it is. No values: no filter,
    and no rows.
    """
    parted = list(filters)
    for name, values in lists.items():
        if values is not None and len(parted) * len(unique := list(dict.fromkeys(values))) <= MOST_LISTS:
            parted = [replace(part, **{name: (value,)}) for part in parted for value in unique]
    return parted


def merged(lists: Sequence[Select[Any]], model: Any, page: SliceRequest) -> Select[Any]:
    """The rows that a slice, newest first and without an offset, needs of all lists: the first ones of each."""
    if len(lists) == 1:
        return lists[0]
    firsts = []
    for chosen in lists:
        ids = chosen.with_only_columns(model.id).where(*within(model, NEWEST_FIRST, page))
        first = ids.order_by(*ordering(model, NEWEST_FIRST, page)).limit(page.size + 1).subquery()
        firsts.append(select(first.c.id))
    return select(model).where(model.id.in_(union_all(*firsts)) if firsts else false())


async def names(
    session: AsyncSession,
    column: Any,
    mine: ColumnElement[bool],
    patterns: Sequence[str] | None,
    *,
    binary: bool = False,
) -> list[str] | None:
    """The values of a column that match, of rows that are `mine`; those without `*` whether there are any or not.

    None if every value does, or more than 50. An index that begins with the columns of `mine` and this one gives each
    value by one step; `binary` as in `matching`: only values with the beginning are then stepped through.
    """
    if patterns is None or "*" in patterns:
        return None
    found = [pattern for pattern in patterns if not is_pattern(pattern)]
    beginnings = [pattern for pattern in patterns if is_pattern(pattern)]
    for group in [[each] for each in beginnings] if binary else [beginnings]:
        if group and len(found) <= MOST_LISTS:
            walk = _walk(column, mine, group, binary=binary)
            values = select(walk.c.name).where(walk.c.name.is_not(None), *matching(walk.c.name, group))
            found += (await session.execute(values.limit(MOST_LISTS + 1))).scalars()
    unique = list(dict.fromkeys(found))
    return unique if len(unique) <= MOST_LISTS else None


def _walk(column: Any, mine: ColumnElement[bool], group: Sequence[str], *, binary: bool) -> CTE:
    """Values in their order, each found behind the one before it. The last is NULL or, if binary, does not match."""
    first = select(func.min(column).label("name")).where(
        mine, *(matching(column, group, binary=True) if binary else ())
    )
    walk = first.cte("walk", recursive=True)
    following = select(column).where(mine, column > walk.c.name).order_by(column).limit(1).scalar_subquery()
    goes_on = matching(walk.c.name, group) if binary else [walk.c.name.is_not(None)]
    return walk.union_all(select(following).where(*goes_on))
