"""job: durable background work."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")


def feed_stamp():
    """The transaction's id on PostgreSQL, microseconds since 1970 on SQLite."""
    if op.get_context().dialect.name == "postgresql":
        return sa.text("(pg_current_xact_id()::text::bigint)")
    return sa.text("(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))")


def where(condition):
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", ID, nullable=True),
        sa.Column("queue", sa.String(length=120), nullable=False),
        sa.Column("operation", sa.String(length=120), nullable=False),
        sa.Column("caption", sa.String(length=255), nullable=False),
        sa.Column("subject_kind", sa.String(length=24), nullable=True),
        sa.Column("subject_id", ID, nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=120), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("lane", sa.String(length=120), nullable=True),
        sa.Column("dedupe_key", sa.String(length=255), nullable=True),
        sa.Column("progress", sa.Float(), nullable=True),
        sa.Column("tasks", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("cause_kind", sa.String(length=24), nullable=True),
        sa.Column("cause_id", ID, nullable=True),
        sa.Column("correlation_id", ID, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("feed", sa.BigInteger(), server_default=feed_stamp(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_job_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    queued, held = "state = 'QUEUED'", "lease_owner IS NOT NULL"
    deduped = "dedupe_key IS NOT NULL AND state IN ('QUEUED', 'RUNNING')"
    op.create_index("ix_job_ready", "job", ["queue", "priority", "run_at", "id"], **where(queued))
    op.create_index("ix_job_lease", "job", ["lease_until"], **where(held))
    op.create_index("ix_job_lane", "job", ["lane", "id"], **where(f"{queued} AND lane IS NOT NULL"))
    op.create_index("uq_job_lane_held", "job", ["lane"], unique=True, **where(f"{held} AND lane IS NOT NULL"))
    op.create_index("uq_job_dedupe_key", "job", ["dedupe_key"], unique=True, **where(deduped))
    op.create_index("ix_job_organization_id_id", "job", ["organization_id", "id"])
    op.create_index("ix_job_subject_id_id", "job", ["subject_id", "id"])
