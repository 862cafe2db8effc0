"""Connect sessions: connect links, and OAuth under way."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "connect_session",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("integration_ids", sa.Text(), nullable=False),
        sa.Column("integration_id", ID, nullable=True),
        sa.Column("principal_id", ID, nullable=True),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("created_by_token", ID, nullable=True),
        sa.Column("renews_id", ID, nullable=True),
        sa.Column("connection_id", ID, nullable=True),
        sa.Column("additional_scopes", sa.Text(), nullable=False),
        sa.Column("return_url", sa.String(length=2048), nullable=True),
        sa.Column("redirect_uri", sa.String(length=2048), nullable=True),
        sa.Column("link_digest", KEY, nullable=True),
        sa.Column("state_digest", KEY, nullable=True),
        sa.Column("state_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("verifier", sa.LargeBinary(), nullable=True),
        sa.Column("browser_digest", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name="fk_connect_session_connection_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name="fk_connect_session_integration_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_connect_session_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name="fk_connect_session_principal_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_connect_session"),
        sa.UniqueConstraint("link_digest", name="uq_connect_session_link_digest"),
        sa.UniqueConstraint("state_digest", name="uq_connect_session_state_digest"),
    )
    op.create_index("ix_connect_session_expires_at", "connect_session", ["expires_at"])
