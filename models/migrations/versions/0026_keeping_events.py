"""Failed jobs are announced; events are found by entity and by beginnings of types; types have examples."""

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
    op.add_column("event_type", sa.Column("example", sa.Text(), nullable=True))
    op.add_column("event_type", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("event_type", sa.Column("deprecated_since", sa.BigInteger(), nullable=True))
    # Every list is of one organization. SQLite takes the index that has both, whatever it knows of the rows.
    op.drop_index("ix_event_integration_id_id", "event")
    op.create_index("ix_event_organization_id_integration_id_id", "event", ["organization_id", "integration_id", "id"])
    op.create_index("ix_event_organization_id_entity_id_id", "event", ["organization_id", "entity_id", "id"])
    if op.get_context().dialect.name == "postgresql":
        # Types are found by their beginning. SQLite compares by bytes anyway.
        op.alter_column("event", "type", type_=sa.String(255, collation="C"), existing_nullable=False)
