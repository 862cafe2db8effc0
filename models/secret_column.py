"""The place of a row's secret, by its column."""

from __future__ import annotations

from functools import cache

from sqlalchemy import inspect
from sqlmodel import SQLModel

from models.row import ORIGINS
from models.secret_place import SecretPlace


def secret_place(row: SQLModel, column: str) -> SecretPlace:
    """The place to which a row's secret is bound, with the origins that the row has now."""
    origins = _origins_column(type(row), column)
    return SecretPlace(
        organization_id=getattr(row, "organization_id"),  # noqa: B009
        table=str(type(row).__tablename__),
        row_id=getattr(row, "id"),  # noqa: B009
        column=column,
        origins=None if origins is None else getattr(row, origins) or "",
    )


@cache
def _origins_column(model: type[SQLModel], column: str) -> str | None:
    found: str | None = inspect(model).columns[column].info.get(ORIGINS)
    return found
