"""Jobs wait in lots for a fair turn, at gates, and in lanes in the order of their commits."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

IN_LANE = "lane IS NOT NULL AND (state = 'QUEUED' OR lease_owner IS NOT NULL)"
READY = "state = 'QUEUED' AND NOT blocked"
HELD = "lease_owner IS NOT NULL"


def where(condition):
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    for column in (
        sa.Column("gate", sa.String(24), server_default="", nullable=False),
        sa.Column("lot", key, server_default="", nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("blocked", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("job", column)
    for name in ("ix_job_ready", "ix_job_lane"):
        op.drop_index(name, "job")
    op.create_index("ix_job_lane", "job", ["lane", "position"], **where(IN_LANE))
    fill()
    op.create_index("ix_job_ready", "job", ["queue", "lot", "run_at", "id"], **where(READY))
    op.create_index("ix_job_due", "job", ["queue", "run_at"], **where(f"{READY} AND run_at > 0"))
    op.create_index("ix_job_held", "job", ["queue", "organization_id", "gate"], **where(HELD))


def fill() -> None:
    """Lots by organization and priority; lanes in the order of ids, which was theirs: all but the first wait."""
    sqlite = op.get_context().dialect.name == "sqlite"
    padded = (
        "printf('%010d', priority + 2147483648)"
        if sqlite
        else "lpad((priority::bigint + 2147483648)::text, 10, '0')"
    )
    op.execute(f"UPDATE job SET lot = coalesce(organization_id, '') || '//' || {padded}")
    op.execute(
        "UPDATE job SET position = d.position, blocked = d.position > 1 FROM (SELECT id, row_number() OVER"
        " (PARTITION BY lane ORDER BY CASE WHEN lease_owner IS NULL THEN 1 ELSE 0 END, id) AS position FROM job"
        f" WHERE {IN_LANE}) d WHERE job.id = d.id"
    )
