"""Straight reads: SELECTs compiled once and run on the driver, without a session. For frequent look-ups."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect, Select, inspect, select
from sqlalchemy.orm import configure_mappers
from sqlmodel import SQLModel

from models.reader import Reader

Read = Callable[[Any], Any] | None


def columns_of(*entities: type[SQLModel]) -> Select[*tuple[Any, ...]]:
    """A SELECT of every column of these tables, in the order that StraightSelect expects."""
    return select(*(column for entity in entities for column in inspect(entity).columns))


class StraightSelect:
    """A compiled statement over `columns_of(*entities)`. Variable values are named `bindparam`s."""

    def __init__(self, statement: Select[*tuple[Any, ...]], *entities: type[SQLModel], dialect: Dialect) -> None:
        configure_mappers()  # the ORM delays this until its first query, which may be later than ours
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self._places: list[tuple[str, Any]] = []
        for name in compiled.positiontup or ():
            bound = compiled.binds[name]
            write = bound.type.dialect_impl(dialect).bind_processor(dialect)
            fixed = bound.effective_value
            self._places.append((name, write(fixed) if write and fixed is not None else fixed))
        self._shapes = [_Shape(entity, dialect) for entity in entities]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the statement's positional parameters."""
        return [values.get(name, fixed) for name, fixed in self._places]

    def rows(self, records: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """For each record a list with an entity of each table, or None if an outer join found none."""
        found = []
        for record in records:
            start, row = 0, []
            for shape in self._shapes:
                row.append(shape.row(record, start))
                start += shape.width
            found.append(row)
        return found


class StraightReads:
    """Runs straight SELECTs on one database. Caches compiled statements, never rows."""

    def __init__(self, reader: Reader, dialect: Dialect) -> None:
        self._reader, self._dialect = reader, dialect
        self._compiled: dict[Hashable, StraightSelect] = {}

    async def rows(
        self,
        statement: Callable[..., Select[*tuple[Any, ...]]],
        *shape: Hashable,
        entities: Sequence[type[SQLModel]],
        values: Mapping[str, Any],
    ) -> list[list[Any]]:
        """Rows of `statement(*shape)`, a SELECT over `columns_of(*entities)` with `values` for its `bindparam`s.

        Raises Unavailable.
        """
        compiled = self._compiled.get((statement, *shape))
        if compiled is None:
            compiled = StraightSelect(statement(*shape), *entities, dialect=self._dialect)
            self._compiled[(statement, *shape)] = compiled
        return compiled.rows(await self._reader.fetch(compiled.sql, compiled.parameters(values)))


class _Shape:
    """Builds rows of one table as the ORM does when it loads all columns, but without a session: read-only."""

    def __init__(self, entity: type[SQLModel], dialect: Dialect) -> None:
        mapper = inspect(entity)
        self._new = mapper.class_manager.new_instance
        self._columns: list[tuple[int, str, Read]] = []
        for index, column in enumerate(mapper.columns):
            read = column.type.dialect_impl(dialect).result_processor(dialect, None)
            self._columns.append((index, mapper.get_property_by_column(column).key, read))
        self._key = next(index for index, column in enumerate(mapper.columns) if column.primary_key)
        self.width = len(self._columns)

    def row(self, record: Sequence[Any], start: int) -> Any:
        """The row from the columns that begin at `start`, or None."""
        if record[start + self._key] is None:
            return None
        instance = self._new()
        values = instance.__dict__
        for index, name, read in self._columns:
            value = record[start + index]
            values[name] = value if read is None else read(value)
        return instance
