"""Rows of an organization as stored: before, after, and their differences."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Dialect, Table, and_, bindparam, delete, insert, select, update
from sqlalchemy.orm import configure_mappers

from models.database import Database
from models.reader import Records
from models.row import JsonText
from models.tables import metadata

#: Table → primary key → column → value.
Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
Fetch = Callable[[str, str], Awaitable[Records]]


async def snapshot(database: Database, organization_id: str) -> Rows:
    """Every row of an organization in every table of tenants, as stored: secrets as their envelopes. Oldest first.

    Only the last use of a token is left out, which any request notes.
    """
    # On the driver, by statements that are made once: a thousand tests read every table twice and more.
    found: Rows = {}
    async with _fetching(database) as fetch:
        for table, keys, sql in _statements(database.engine.dialect):
            rows = [_values(table, record) for record in await fetch(sql, organization_id)]
            found[table.name] = {tuple(row[key] for key in keys): row for row in rows}
    return found


def changes(before: Rows, after: Rows) -> list[str]:
    """`+ table`, `- table` and `~ table.column` for all that is not as it was, sorted."""
    found = []
    for table in before:
        old, new = before[table], after[table]
        found += [f"+ {table}" for key in new.keys() - old.keys()]
        found += [f"- {table}" for key in old.keys() - new.keys()]
        for key in old.keys() & new.keys():
            found += [f"~ {table}.{name}" for name, value in old[key].items() if new[key][name] != value]
    return sorted(found)


async def put_back(database: Database, before: Rows, after: Rows) -> None:
    """Undo in the database all that lies between two snapshots of an organization."""
    tables = [(table, before[table.name], after[table.name]) for table in metadata.sorted_tables if _has_owner(table)]
    async with database.write() as session:
        for table, old, new in reversed(tables):
            for key in new.keys() - old.keys():
                await session.execute(delete(table).where(_is(table, key)))
        for table, old, new in tables:
            if gone := old.keys() - new.keys():
                await session.execute(insert(table), [old[key] for key in gone])
        for table, old, new in tables:
            for key in (key for key in old.keys() & new.keys() if old[key] != new[key]):
                await session.execute(update(table).where(_is(table, key)).values(old[key]))


def added(before: Rows, after: Rows, table: str) -> list[dict[str, Any]]:
    """The new rows of a table, oldest first."""
    return [after[table][key] for key in sorted(after[table].keys() - before[table].keys())]


def ids_in(rows: Rows) -> frozenset[str]:
    """The ids of all rows."""
    return frozenset(row["id"] for table in rows.values() for row in table.values() if "id" in row)


@asynccontextmanager
async def _fetching(database: Database) -> AsyncIterator[Fetch]:
    """Over one connection: to borrow one for each statement takes half of the time."""
    if database.is_sqlite:
        yield lambda sql, owner: database.reader.fetch(sql, [owner])
    else:
        async with database.driver() as driver:
            yield driver.fetch


@cache
def _statements(dialect: Dialect) -> list[tuple[Table, list[str], str]]:
    configure_mappers()
    found = []
    for table in filter(_has_owner, metadata.sorted_tables):
        mine = select(*_columns(table)).where(_owner(table) == bindparam("owner")).order_by(*table.primary_key)
        found.append((table, [column.name for column in table.primary_key], str(mine.compile(dialect=dialect))))
    return found


def _values(table: Table, record: Sequence[Any]) -> dict[str, Any]:
    return {
        column.name: orjson.loads(value) if value and isinstance(column.type, JsonText) else value
        for column, value in zip(_columns(table), record, strict=True)
    }


@cache
def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if str(column) != "token.last_used_at"]


def _is(table: Table, key: tuple[Any, ...]) -> ColumnElement[bool]:
    return and_(*(column == value for column, value in zip(table.primary_key, key, strict=True)))


def _has_owner(table: Table) -> bool:
    return table.name == "organization" or "organization_id" in table.c


def _owner(table: Table) -> Any:
    return table.c.id if table.name == "organization" else table.c.organization_id
