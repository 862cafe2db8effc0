"""Registrations say whether the secret was meant for their integration, by its entering or by the holder."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    column = sa.Column("confirmed", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("registration", column)
    confirm_those_that_stand()


def confirm_those_that_stand() -> None:
    """Migration 0010 bound every secret to the addresses of all its integrations."""
    registrations = sa.table("registration", sa.column("confirmed"))
    op.get_bind().execute(sa.update(registrations).values(confirmed=sa.true()))
