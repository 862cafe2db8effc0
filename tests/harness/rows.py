"""Rows of an organization as stored: before, after, and their differences."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    LargeBinary,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import configure_mappers

from models.database import Database
from models.row import JsonText
from models.tables import metadata

#: Table → primary key → column → value.
Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


async def snapshot(database: Database, organization_id: str) -> Rows:
    """Every row of an organization in every table of tenants, as stored: secrets as their envelopes. Oldest first.

    Only the last use of a token is left out, which any request notes.
    """
    found: Rows = {table.name: {} for table in _tables()}
    async for table, record in _records(database, organization_id):
        row = _values(table, record)
        found[table.name][tuple(row[column.name] for column in table.primary_key)] = row
    return {name: dict(sorted(rows.items())) for name, rows in found.items()}


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
    tables = [(table, before[table.name], after[table.name]) for table in _tables()]
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


async def _records(database: Database, owner: str) -> AsyncIterator[tuple[Table, Sequence[Any]]]:
    """On the driver, by statements that are made once: a thousand tests read every table twice and more."""
    if not database.is_sqlite:
        async with database.driver() as driver:
            for name, record in await driver.fetch(_of_all_tables(database.engine.dialect), owner):
                yield metadata.tables[name], orjson.loads(record)
        return
    for table, sql in _of_each_table(database.engine.dialect):
        for record in await database.reader.fetch(sql, [owner]):
            yield table, record


@cache
def _of_all_tables(dialect: Dialect) -> str:
    """One statement: thirty round trips take five times as long. Bytes come as JSON has them, in hexadecimal."""
    parts = []
    for table in _tables():
        record = cast(func.json_build_array(*map(_in_json, _columns(table))), Text)
        parts.append(select(literal_column(f"'{table.name}'"), record).where(_owner(table) == bindparam("owner")))
    return str(union_all(*parts).compile(dialect=dialect))


def _in_json(column: Column[Any]) -> ColumnElement[Any]:
    return func.encode(column, literal_column("'hex'")) if isinstance(column.type, LargeBinary) else column


@cache
def _of_each_table(dialect: Dialect) -> list[tuple[Table, str]]:
    return [
        (table, str(select(*_columns(table)).where(_owner(table) == bindparam("owner")).compile(dialect=dialect)))
        for table in _tables()
    ]


@cache
def _tables() -> list[Table]:
    """Those that have rows of organizations, each behind those that it references."""
    configure_mappers()
    return [table for table in metadata.sorted_tables if _has_owner(table)]


def _values(table: Table, record: Sequence[Any]) -> dict[str, Any]:
    return {column.name: _value(column, stored) for column, stored in zip(_columns(table), record, strict=True)}


def _value(column: Column[Any], stored: Any) -> Any:
    if stored and isinstance(column.type, JsonText):
        return orjson.loads(stored)
    if isinstance(stored, str) and isinstance(column.type, LargeBinary):
        return bytes.fromhex(stored)
    return stored


@cache
def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if str(column) != "token.last_used_at"]


def _is(table: Table, key: tuple[Any, ...]) -> ColumnElement[bool]:
    return and_(*(column == value for column, value in zip(table.primary_key, key, strict=True)))


def _has_owner(table: Table) -> bool:
    return table.name == "organization" or "organization_id" in table.c


def _owner(table: Table) -> Any:
    return table.c.id if table.name == "organization" else table.c.organization_id
