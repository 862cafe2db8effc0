"""The bytes of assets in pieces, so that SQLite's one writer need not write a large file at once."""

import sqlalchemy as sa
from alembic import op

revision = '0033'
down_revision = '0032'

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")

_COPY = (
    "INSERT INTO asset_piece (id, created_at, organization_id, asset_id, position, content)"
    " SELECT id, created_at, organization_id, id, 0, content FROM asset WHERE content IS NOT NULL"
)


def upgrade() -> None:
    op.create_table(
        'asset_piece',
        sa.Column('id', ID, nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('organization_id', ID, nullable=False),
        sa.Column('asset_id', ID, nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['asset_id'], ['asset.id'], name='fk_asset_piece_asset_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(
            ['organization_id'], ['organization.id'], name='fk_asset_piece_organization_id', ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name='pk_asset_piece'),
    )
    op.create_index('uq_asset_piece_position', 'asset_piece', ['asset_id', 'position'], unique=True)
    op.create_index('ix_asset_piece_organization_id', 'asset_piece', ['organization_id'])
    op.execute(_COPY)
    with op.batch_alter_table('asset') as altered:
        altered.drop_column('content')
