"""Jobs keep the place of their subject, and shared connections their last one or their maker."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")
COLUMNS = {
    "job": ("integration_id", "principal_id"),
    "connection": ("last_integration_id", "created_by", "created_by_token"),
}


def upgrade() -> None:
    for table, names in COLUMNS.items():
        for name in names:
            op.add_column(table, sa.Column(name, ID, nullable=True))
    op.execute("UPDATE job SET integration_id = subject_id WHERE subject_kind = 'Integration'")
