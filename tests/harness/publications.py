"""Rows of published apps, put into the database as publishing makes them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlmodel import SQLModel, col

from models.database import Database
from models.row import name_key
from models.tables import Integration, Publication
from models.vocabulary import PublicationTarget, PublicationVisibility


def publication_of(
    integration: Integration,
    *,
    name: str = "",
    visibility: PublicationVisibility = PublicationVisibility.PUBLIC,
    target: PublicationTarget = PublicationTarget.ALL,
    **configurations: Any,
) -> Publication:
    """The publication of an app with these configuration schemas: `account`, `space`, `site`."""
    name = name or integration.slug
    return Publication(
        organization_id=integration.organization_id,
        integration_id=integration.id,
        name=name,
        name_key=name_key(name),
        digest="0" * 64,
        visibility=visibility,
        target=target,
        configurations=configurations,
        published_at=0,
    )


async def plant(database: Database, *rows: SQLModel) -> None:
    """Insert rows."""
    async with database.write() as session:
        session.add_all(rows)


async def set_columns(database: Database, model: Any, id: str, **values: Any) -> None:
    """Change columns of one row."""
    async with database.write() as session:
        await session.execute(update(model).where(col(model.id) == id).values(**values))
