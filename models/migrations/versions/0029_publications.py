"""Publications, installations on places and external ids."""

import sqlalchemy as sa
from alembic import op

revision = '0029'
down_revision = '0028'

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def where(condition):
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table('installation_place',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('integration_id', ID, nullable=False),
    sa.Column('installation_id', ID, nullable=False),
    sa.Column('place_id', ID, nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('configuration', sa.LargeBinary(), nullable=True),
    sa.Column('configured', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['installation_id'], ['installation.id'], name='fk_installation_place_installation_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['integration_id'], ['integration.id'], name='fk_installation_place_integration_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_installation_place_organization_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['place_id'], ['place.id'], name='fk_installation_place_place_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='pk_installation_place'),
    sa.UniqueConstraint('installation_id', 'place_id', name='uq_installation_place_installation_id_place_id')
    )
    op.create_index('ix_installation_place_installation_id_kind_id', 'installation_place', ['installation_id', 'kind', 'id'])
    op.create_index('ix_installation_place_integration_id_kind_id', 'installation_place', ['integration_id', 'kind', 'id'])
    op.create_index('ix_installation_place_place_id_id', 'installation_place', ['place_id', 'id'])

    op.create_table('publication',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('integration_id', ID, nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('name_key', KEY, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('visibility', sa.String(length=24), nullable=False),
    sa.Column('target', sa.String(length=24), nullable=False),
    sa.Column('scopes', sa.Text(), nullable=False),
    sa.Column('categories', sa.Text(), nullable=False),
    sa.Column('blocks', sa.Text(), nullable=False),
    sa.Column('block_hosts', sa.Text(), nullable=False),
    sa.Column('has_blocks', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('content_sources', sa.Text(), nullable=False),
    sa.Column('has_sources', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('external_links', sa.Text(), nullable=False),
    sa.Column('configurations', sa.Text(), nullable=False),
    sa.Column('content_security_policy', sa.Text(), nullable=True),
    sa.Column('preview_asset_ids', sa.Text(), nullable=False),
    sa.Column('script_asset_id', ID, nullable=True),
    sa.Column('secrets', sa.LargeBinary(), nullable=True),
    sa.Column('secret_names', sa.Text(), nullable=False),
    sa.Column('runtime', sa.String(length=24), nullable=False),
    sa.Column('verified', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('made_integration', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('events_url', sa.String(length=2048), nullable=True),
    sa.Column('tunnel_url', sa.String(length=2048), nullable=True),
    sa.Column('tunnel_all', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('tunnel_until', sa.BigInteger(), nullable=True),
    sa.Column('published_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['integration_id'], ['integration.id'], name='fk_publication_integration_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_publication_organization_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['script_asset_id'], ['asset.id'], name='fk_publication_script_asset_id', ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name='pk_publication')
    )
    op.create_index('ix_publication_organization_id_id', 'publication', ['organization_id', 'id'])
    op.create_index('ix_publication_visibility_name_key_id', 'publication', ['visibility', 'name_key', 'id'])
    op.create_index('uq_publication_integration', 'publication', ['integration_id'], unique=True)
    op.create_index('uq_publication_name', 'publication', ['name_key'], unique=True)

    op.create_table('external_id',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('integration_id', ID, nullable=False),
    sa.Column('installation_id', ID, nullable=False),
    sa.Column('installation_place_id', ID, nullable=True),
    sa.Column('value', sa.String(length=255), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['installation_id'], ['installation.id'], name='fk_external_id_installation_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['installation_place_id'], ['installation_place.id'], name='fk_external_id_installation_place_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['integration_id'], ['integration.id'], name='fk_external_id_integration_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_external_id_organization_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='pk_external_id')
    )
    op.create_index('ix_external_id_installation_place_id', 'external_id', ['installation_place_id'])
    op.create_index('ix_external_id_installation_id_installation_place_id_position', 'external_id', ['installation_id', 'installation_place_id', 'position'])
    op.create_index('ix_external_id_integration_id_value_installation_id', 'external_id', ['integration_id', 'value', 'installation_id'])

    op.create_table('publication_facet',
    sa.Column('organization_id', ID, nullable=False),
    sa.Column('publication_id', ID, nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('value', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name='fk_publication_facet_organization_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['publication_id'], ['publication.id'], name='fk_publication_facet_publication_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('publication_id', 'kind', 'value', name='pk_publication_facet')
    )
    op.create_index('ix_publication_facet_kind_value_publication_id', 'publication_facet', ['kind', 'value', 'publication_id'])

    op.drop_index('ix_event_app_visible', 'event')
    op.create_index('ix_event_app_visible', 'event', ['integration_id', 'feed', 'id'], **where('app_visible'))
    op.drop_index('ix_webhook_app', 'webhook')
    op.create_index('ix_webhook_app', 'webhook', ['integration_id'], **where("kind <> 'ENDPOINT'"))
