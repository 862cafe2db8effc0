"""Integrations have the address of a picture, as their clients wrote it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("integration", sa.Column("image_url", sa.String(length=2048), nullable=True))
