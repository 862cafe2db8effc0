"""Capabilities say the form of their bodies, and how their lists are written."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

USUAL = {"body_format": "JSON", "array_format": "REPEAT"}


def upgrade() -> None:
    with op.batch_alter_table("capability") as altered:
        for name in USUAL:
            altered.add_column(sa.Column(name, sa.String(24), nullable=True))
    capabilities = sa.table("capability", *map(sa.column, USUAL))
    op.get_bind().execute(sa.update(capabilities).values(USUAL))
    with op.batch_alter_table("capability") as altered:
        for name in USUAL:
            altered.alter_column(name, existing_type=sa.String(24), nullable=False)
