"""Columns of secrets: every column that the tables mark, so that a rotation forgets none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import MetaData, Table

from models.row import ORIGINS, SECRET
from models.secret_place import SecretPlace

_OWNER: Final = "organization_id"


@dataclass(frozen=True, kw_only=True)
class SecretColumn:
    """A column of envelopes, the key column of its table, and the column of its origins, if it has one."""

    table: str
    key: str
    column: str
    origins: str | None = None

    def __str__(self) -> str:
        """The name for operators."""
        return f"{self.table}.{self.column}"

    def place(self, row_id: str, organization_id: str, origins: str | None = None) -> SecretPlace:
        """The place to which the envelope of a row is bound; `origins` are those of the row."""
        return SecretPlace(
            organization_id=organization_id,
            table=self.table,
            row_id=row_id,
            column=self.column,
            origins=None if self.origins is None else origins or "",
        )


def secret_columns(metadata: MetaData) -> Sequence[SecretColumn]:
    """All columns of secrets, in the order of tables. Raises TypeError for a table without one id or organization."""
    return [
        SecretColumn(table=table.name, key=_key_of(table), column=column.name, origins=column.info.get(ORIGINS))
        for table in metadata.sorted_tables
        for column in table.columns
        if column.info.get(SECRET)
    ]


def _key_of(table: Table) -> str:
    keys = [column.name for column in table.primary_key]
    if len(keys) != 1 or _OWNER not in table.columns:
        raise TypeError(f"{table.name} has secrets, so its rows need an id and an organization.")
    return keys[0]
