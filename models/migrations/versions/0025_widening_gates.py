"""Gates that were narrowed after a fault are widened step by step; ended jobs of deliveries are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = "0023"


def upgrade() -> None:
    with op.batch_alter_table("gate") as altered:
        altered.add_column(sa.Column("widens_at", sa.BigInteger(), server_default="0", nullable=False))
    ended = sa.text("operation = 'webhook.deliver' AND state IN ('FAILED', 'CANCELLED') AND lease_owner IS NULL")
    op.create_index("ix_job_undelivered", "job", ["id"], sqlite_where=ended, postgresql_where=ended)
