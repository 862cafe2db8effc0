"""Events name the token of their emission, besides its user."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("event", sa.Column("token_id", ID, nullable=True))
