"""Indexes for what goes with an installation or a file: its tokens, and the publication of a script."""

import sqlalchemy as sa
from alembic import op

revision = '0031'
down_revision = '0030'


def where(condition):
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_index('ix_token_installation', 'token', ['installation_id'], **where("installation_id IS NOT NULL"))
    op.create_index('ix_publication_script', 'publication', ['script_asset_id'], **where("script_asset_id IS NOT NULL"))
