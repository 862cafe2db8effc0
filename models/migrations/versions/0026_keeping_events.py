"""Failed jobs are announced; events and deliveries are found by entity and by age."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

UNTOLD = "state = 'FAILED' AND failure_told_at IS NULL AND organization_id IS NOT NULL AND queue <> 'deliveries'"


def upgrade() -> None:
    op.add_column("job", sa.Column("failure_told_at", sa.BigInteger(), nullable=True))
    # Jobs that failed before nobody announced: their requesters have seen them.
    op.execute("UPDATE job SET failure_told_at = finished_at WHERE state = 'FAILED' AND finished_at IS NOT NULL")
    condition = sa.text(UNTOLD)
    op.create_index("ix_job_untold", "job", ["id"], sqlite_where=condition, postgresql_where=condition)
