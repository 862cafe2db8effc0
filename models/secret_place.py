"""SecretPlace: the row and column to which an envelope is bound, and the origins of its secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import inspect
from sqlmodel import SQLModel

from models.row import ORIGINS


@dataclass(frozen=True, kw_only=True)
class SecretPlace:
    """The place of an envelope. Copied to another place, the envelope does not open.

    `origins`: the stored form of the origins to which the secret may be sent; None for a secret that is never sent.
    """

    organization_id: str
    table: str
    row_id: str
    column: str
    origins: str | None = field(default=None, compare=False)

    def associated_data(self) -> bytes:
        """The bytes that GCM authenticates together with the ciphertext (NIST SP 800-38D §5.2)."""
        return f"{self.organization_id}\0{self.table}\0{self.row_id}\0{self.column}".encode()

    def bound_data(self) -> bytes:
        """The associated data with the origins."""
        return self.associated_data() + f"\0{self.origins or ''}".encode()


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
