"""Integrations say how their vendor's OAuth deviates: extra token parameters, a nested token, no PKCE, form_post."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    with op.batch_alter_table("integration") as altered:
        altered.add_column(sa.Column("token_parameters", sa.Text(), server_default="{}", nullable=False))
        altered.add_column(sa.Column("token_path", sa.String(length=324), nullable=True))
        altered.add_column(sa.Column("pkce", sa.Boolean(), server_default=sa.true(), nullable=False))
        altered.add_column(sa.Column("response_mode", sa.String(length=24), nullable=True))
