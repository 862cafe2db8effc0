"""Rows as the database holds them: an organization's, before and after, and what became of them."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, Table, bindparam, select
from sqlalchemy.orm import Session, configure_mappers

from models.database import Database
from models.tables import metadata

#: Table → primary key → column → value.
Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


async def snapshot(database: Database, organization_id: str) -> Rows:
    """Every row of an organization in every table of tenants, as stored: secrets as their envelopes.

    Only the last use of a token is left out, which any request notes.
    """
    async with database.read() as session:
        return await session.run_sync(_read, organization_id)


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


def added(before: Rows, after: Rows, table: str) -> list[dict[str, Any]]:
    """The new rows of a table, oldest first."""
    return [after[table][key] for key in sorted(after[table].keys() - before[table].keys())]


def ids_in(rows: Rows) -> frozenset[str]:
    """The ids of all rows."""
    return frozenset(row["id"] for table in rows.values() for row in table.values() if "id" in row)


def _read(session: Session, organization_id: str) -> Rows:
    # Past the ORM and by statements that are made once: a thousand tests read every table twice and more.
    connection, found = session.connection(), {}
    for table, keys, statement in _statements():
        rows = connection.execute(statement, {"owner": organization_id}).mappings()
        found[table] = {tuple(row[key] for key in keys): dict(row) for row in rows}
    return found


@cache
def _statements() -> list[tuple[str, list[str], Select[Any]]]:
    configure_mappers()
    return [_statement(table) for table in metadata.sorted_tables if _has_owner(table)]


def _statement(table: Table) -> tuple[str, list[str], Select[Any]]:
    columns = [column for column in table.c if str(column) != "token.last_used_at"]
    keys = [column.name for column in table.primary_key]
    return table.name, keys, select(*columns).where(_owner(table) == bindparam("owner"))


def _has_owner(table: Table) -> bool:
    return table.name == "organization" or "organization_id" in table.c


def _owner(table: Table) -> Any:
    return table.c.id if table.name == "organization" else table.c.organization_id
