"""Connections know when their token was issued, and how the vendor answered renewals and renewed tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    for name in ("issued_at", "futile_renewal_at"):
        op.add_column("connection", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in ("refresh_refusals", "token_refusals"):
        op.add_column("connection", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.add_column("connection", sa.Column("answered_scopes", sa.Text(), nullable=True))
