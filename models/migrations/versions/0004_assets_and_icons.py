"""Assets and icons: uploads aside, and the icon of an integration."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "asset",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", ID, nullable=True),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("content_type", sa.String(length=120), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("filled_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name="fk_asset_integration_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_asset_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_asset"),
    )
    op.create_index("ix_asset_expires_at", "asset", ["expires_at"])
    op.create_index("ix_asset_integration_id", "asset", ["integration_id"])
    with op.batch_alter_table("integration") as integration:
        integration.add_column(sa.Column("icon_asset_id", ID, nullable=True))
        integration.create_foreign_key(
            "fk_integration_icon_asset_id", "asset", ["icon_asset_id"], ["id"], ondelete="SET NULL"
        )
    op.create_index("ix_integration_icon_asset_id", "integration", ["icon_asset_id"])
