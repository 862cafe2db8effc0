"""Masks of a connection's secret."""

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0029'


def upgrade() -> None:
    with op.batch_alter_table("connection") as altered:
        altered.add_column(sa.Column("masks", sa.Text(), nullable=False, server_default="{}"))
    with op.batch_alter_table("connection") as altered:
        altered.alter_column("masks", existing_type=sa.Text(), server_default=None)
