"""A database's own definitions of its tables, as comparable text."""

from __future__ import annotations

import re

from sqlalchemy import text

from models.database import Database

_ALEMBIC = "alembic_version"

_POSTGRESQL = {
    "column": """
        SELECT r.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
               CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'COLLATE ' || l.collname,
               a.attidentity, a.attgenerated, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
        WHERE r.relkind = 'r' AND r.relnamespace = 'public'::regnamespace
          AND a.attnum > 0 AND NOT a.attisdropped AND r.relname <> :alembic""",
    "constraint": """
        SELECT r.relname || '.' || c.conname, pg_get_constraintdef(c.oid)
        FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
        WHERE r.relnamespace = 'public'::regnamespace AND r.relname <> :alembic""",
    "index": """
        SELECT tablename || '.' || indexname, pg_get_indexdef((quote_ident(indexname))::regclass)
        FROM pg_indexes WHERE schemaname = 'public' AND tablename <> :alembic""",
    "other": """
        SELECT relname, relkind::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'i') AND relname <> :alembic""",
}

_SQLITE = {
    "column": """
        SELECT t.name || '.' || c.name,
               c.type || ' ' || c."notnull" || ' ' || c.pk || ' ' || coalesce(c.dflt_value, '')
        FROM sqlite_master t JOIN pragma_table_xinfo(t.name) c
        WHERE t.type = 'table' AND t.name <> :alembic""",
    "other": """
        SELECT name, type || ' ' || coalesce(sql, '') FROM sqlite_master
        WHERE type <> 'table' AND tbl_name <> :alembic""",
}


async def definitions(database: Database) -> dict[str, str]:
    """Each column, constraint, index and other object of the database, and how the database defines it."""
    found: dict[str, str] = {}
    async with database.read() as session:
        for kind, query in (_SQLITE if database.is_sqlite else _POSTGRESQL).items():
            rows = await session.execute(text(query), {"alembic": _ALEMBIC})
            found |= {f"{kind} {name}": _normal(definition) for name, definition in rows}
        if database.is_sqlite:
            tables = await session.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name <> :alembic"),
                {"alembic": _ALEMBIC},
            )
            found |= {f"table {name}": "; ".join(clauses(sql)) for name, sql in tables}
    return found


def differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """The names of what is not defined alike in both, sorted."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def clauses(create_table: str) -> list[str]:
    """The columns and constraints of a CREATE TABLE statement, sorted: a later migration appends its own."""
    body = create_table[create_table.index("(") + 1 : create_table.rindex(")")]
    found, depth, start, quoted = [], 0, 0, False
    for position, character in enumerate(body):
        quoted ^= character == "'"
        depth += (character == "(") - (character == ")") if not quoted else 0
        if character == "," and depth == 0 and not quoted:
            found.append(body[start:position])
            start = position + 1
    return sorted(_normal(clause) for clause in [*found, body[start:]])


def _normal(definition: str) -> str:
    return re.sub(r"\s+", " ", definition).replace('"', "").strip()
