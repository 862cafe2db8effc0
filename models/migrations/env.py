"""The environment that Alembic runs for every command: the given connection, and types independent of our models."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import TypeDecorator

from models.row import BINARY_TEXT, KeyText
from models.tables import metadata


def plain_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write a column type of ours as its stored type: old migrations must not change with the models."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    if kind == "type" and isinstance(item, KeyText):
        return f"sa.Text().with_variant(sa.Text(collation={BINARY_TEXT!r}), 'postgresql')"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=plain_types,
    render_as_batch=True,
)
context.run_migrations()
