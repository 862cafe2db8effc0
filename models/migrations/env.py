"""What Alembic runs for every command: the connection it was given, and types written without our models."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import TypeDecorator

from models.tables import metadata


def plain_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write a type of ours as what it stores: an old migration must not change with today's models."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=plain_types,
    render_as_batch=True,
)
context.run_migrations()
