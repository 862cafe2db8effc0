"""Secrets of jobs: in a column of their own, where whoever rotates keys finds them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("job", sa.Column("secret", sa.LargeBinary(), nullable=True))
