"""People and places: tags, and one principal to a subject in an organization."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "tag",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_tag_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tag"),
        sa.UniqueConstraint("organization_id", "name_key", name="uq_tag_organization_id_name_key"),
    )
    op.create_table(
        "integration_tag",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("integration_id", ID, nullable=False),
        sa.Column("tag_id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name="fk_integration_tag_integration_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_integration_tag_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name="fk_integration_tag_tag_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("integration_id", "tag_id", name="pk_integration_tag"),
    )
    op.create_index("ix_integration_tag_tag_id", "integration_tag", ["tag_id"])
    op.create_index(
        "uq_principal_subject",
        "principal",
        ["organization_id", "subject"],
        unique=True,
        sqlite_where=sa.text("subject IS NOT NULL"),
        postgresql_where=sa.text("subject IS NOT NULL"),
    )
